"""A private RabbitMQ: its own data, cookie, ports and epmd; nobody else's is touched."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.brokers.certificates import Certificates
from tests.brokers.ports import free_port
from tests.brokers.requirements import required
from tests.brokers.server import Place, Server, ended, spawned

PROGRAMS: Final = Path("/usr/lib/rabbitmq/bin")
"""The programs themselves; those in the path change the user and the folder."""
_PROTOCOL: Final = b"AMQP\x00\x00\x09\x01"
_METHOD_FRAME: Final = 1
_MODEST: Final = (
    "loopback_users = none",
    "disk_free_limit.absolute = 50MB",
    "vm_memory_high_watermark.absolute = 2GB",
)


class RabbitMQ(Server):
    """A server that listens for AMQP, and for HTTP if the plug-in is asked for.

    ``settings`` are lines of its configuration, such as ``consumer_timeout = 2000``.
    """

    name = "RabbitMQ"
    schemes = ("amqp", "amqps")
    login = "guest:guest"

    def __init__(
        self,
        folder: Path,
        settings: Sequence[str] = (),
        *,
        plugins: Sequence[str] = (),
        certificates: Certificates | None = None,
        place: Place | None = None,
    ) -> None:
        self._program = required("rabbitmq-server", PROGRAMS / "rabbitmq-server")
        self._epmd_program = required("rabbitmq-server", "epmd")
        super().__init__(folder, certificates=certificates, place=place)
        self.http_port = free_port()
        self._node_port, self._epmd_port = free_port(), free_port()
        self._epmd: subprocess.Popen[bytes] | None = None
        lines = [*self._listeners(), *self._management(), *_MODEST, *settings, ""]
        (folder / "rabbitmq.conf").write_text("\n".join(lines))
        (folder / "enabled_plugins").write_text(f"[{','.join(plugins)}].")

    def _listeners(self) -> list[str]:
        if self.certificates is None:
            return [f"listeners.tcp.1 = {self.host}:{self.port}"]
        return [
            "listeners.tcp = none",
            f"listeners.ssl.1 = {self.host}:{self.port}",
            f"ssl_options.cacertfile = {self.certificates.authority}",
            f"ssl_options.certfile = {self.certificates.certificate}",
            f"ssl_options.keyfile = {self.certificates.key}",
        ]

    def _management(self) -> list[str]:
        return [
            f"management.tcp.ip = {self.host}",
            f"management.tcp.port = {self.http_port}",
        ]

    def command(self) -> Sequence[str]:
        return [self._program]

    def environment(self) -> Mapping[str, str]:
        folder = self.folder
        return {
            **self._identity(),
            # Has the starting script become the server, instead of waiting for it.
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._node_port),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(folder / "feature_flags"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1}"
            ),
        }

    def _identity(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": "private@localhost",
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    def spawn(self) -> None:
        """Start the server, and before it the epmd that it would leave behind."""
        if self._epmd is None:
            program = [self._epmd_program, "-port", str(self._epmd_port)]
            self._epmd = spawned(
                [*self.place.enter(), *program, "-address", "127.0.0.1"],
                self._identity(),
                self.folder / "epmd",
            )
        super().spawn()

    def handshake(self, connection: socket.socket) -> bool:
        connection.sendall(_PROTOCOL)
        return connection.recv(1) == bytes([_METHOD_FRAME])

    def ctl(self, *words: str) -> str:
        """Have ``rabbitmqctl`` do something; it takes a second or two."""
        program = [*self.place.enter(), str(PROGRAMS / "rabbitmqctl"), "--quiet"]
        done = subprocess.run(
            [*program, "--node", "private@localhost", *words],
            env=self._identity(),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def close(self) -> None:
        super().close()
        if self._epmd is not None:
            ended(self._epmd, signal.SIGKILL)
            self._epmd = None
