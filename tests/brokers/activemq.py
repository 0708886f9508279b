"""A private ActiveMQ with the configuration that recado ships; nobody else's is touched."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.brokers.certificates import STORE_PASSWORD, Certificates
from tests.brokers.requirements import missing, required
from tests.brokers.server import Place, Server

SHIPPED: Final = Path(__file__).parents[2] / "deploy/activemq"
_HOME: Final = Path("/usr/share/activemq")
_ARCHIVE: Final = _HOME / "bin/activemq.jar"
_CONNECT: Final = (
    b"CONNECT\naccept-version:1.2\nhost:/\nlogin:recado\npasscode:recado\n\n\0"
)


class ActiveMQ(Server):
    """A server that listens for STOMP; ``properties`` are those that its file names."""

    name = "ActiveMQ"
    schemes = ("stomp", "stomp+ssl")
    login = "recado:recado"

    def __init__(
        self,
        folder: Path,
        properties: Mapping[str, str] | None = None,
        *,
        configuration: Path = SHIPPED / "activemq.xml",
        certificates: Certificates | None = None,
        place: Place | None = None,
    ) -> None:
        self._java = required("activemq", "java")
        if not _ARCHIVE.exists():
            missing("activemq is not installed; tools/install-brokers does it")
        super().__init__(folder, certificates=certificates, place=place)
        (folder / "tmp").mkdir(exist_ok=True)
        self._configuration = configuration
        self._properties = {
            "java.io.tmpdir": f"{folder}/tmp",
            "activemq.home": str(_HOME),
            "activemq.base": str(folder),
            "activemq.conf": str(configuration.parent),
            "activemq.data": f"{folder}/data",
            "activemq.classpath": str(SHIPPED),
            "recado.password": self.login.partition(":")[2],
            "recado.stomp.host": self.host,
            "recado.stomp.port": str(self.port),
            **self._secrets(),
            **(properties or {}),
        }

    def _secrets(self) -> dict[str, str]:
        if self.certificates is None:
            return {}
        return {
            "recado.stomp.scheme": "stomp+nio+ssl",
            "javax.net.ssl.keyStore": str(self.certificates.store),
            "javax.net.ssl.keyStoreType": "PKCS12",
            "javax.net.ssl.keyStorePassword": STORE_PASSWORD,
        }

    def command(self) -> Sequence[str]:
        return [
            self._java,
            *("-Xms64M", "-Xmx512M", "-XX:TieredStopAtLevel=1"),
            *(f"-D{name}={value}" for name, value in self._properties.items()),
            *("-jar", str(_ARCHIVE)),
            *("start", f"xbean:file:{self._configuration}"),
        ]

    def environment(self) -> Mapping[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder)}

    def handshake(self, connection: socket.socket) -> bool:
        connection.sendall(_CONNECT)
        return connection.recv(9) == b"CONNECTED"
