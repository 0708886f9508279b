"""A broker's server process: ours alone, with its data in a folder, ended by its pid."""

from __future__ import annotations

import signal
import socket
import ssl
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, Self

from tests.brokers.certificates import Certificates
from tests.brokers.ports import free_port

READY_S: Final = 90.0
"""How long a server may take to start; on a busy machine it needs six seconds or so."""
STOPPED_S: Final = 60.0
ANSWER_S: Final = 5.0


class Place(Protocol):
    """Where a server runs: this machine's network, or one of its own."""

    host: str

    def enter(self) -> Sequence[str]:
        """Return what a command starts with that runs there."""
        ...


class Loopback:
    """This machine's own network, reached by nobody else."""

    host = "127.0.0.1"

    def enter(self) -> Sequence[str]:
        """Return nothing: a command is there already."""
        return ()


class Server(ABC):
    """One process; a subclass says which, and when it answers.

    With certificates it takes secure connections, and no others.
    """

    name: str
    schemes: tuple[str, str]
    """Those of its URL: of a plain connection, and of a secure one."""
    login: str

    def __init__(
        self, folder: Path, *, certificates: Certificates | None, place: Place | None
    ) -> None:
        self.folder = folder
        self.certificates = certificates
        self.place = place or Loopback()
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def host(self) -> str:
        """The address that clients reach it by."""
        return self.place.host

    @property
    def pid(self) -> int:
        """The process of the server itself, not of a script that started it."""
        assert self._process is not None, f"{self.name} does not run"
        return self._process.pid

    @property
    def url(self) -> str:
        """What recado opens it by."""
        return self.url_with()

    def url_with(self, path: str = "", **options: object) -> str:
        """Return the URL of a part of it, or with options."""
        scheme = self.schemes[self.certificates is not None]
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return (
            f"{scheme}://{self.login}@{self.host}:{self.port}"
            f"{path and f'/{path}'}{query and f'?{query}'}"
        )

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return the command that becomes the server, in the foreground."""

    @abstractmethod
    def environment(self) -> Mapping[str, str]:
        """Return the server's whole environment."""

    @abstractmethod
    def handshake(self, connection: socket.socket) -> bool:
        """Return whether what listens is a broker that takes connections."""

    def start(self) -> None:
        """Start the server on the data it has, and return when it takes connections."""
        self.spawn()
        self.await_ready()

    def spawn(self) -> None:
        """Start the server, and do not wait for it.

        It dies with the thread that calls this: call it from the main one.
        """
        assert self._process is None, f"{self.name} runs already"
        self._process = spawned(
            [*self.place.enter(), *self.command()],
            self.environment(),
            self.folder / "output",
        )

    def await_ready(self) -> None:
        """Return when the server takes connections; raises if it ends before."""
        deadline = time.monotonic() + READY_S
        while not self.answers():
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > deadline:
                output = (self.folder / "output").read_text(errors="replace")
                raise AssertionError(f"{self.name} did not start: {output}")
            time.sleep(0.05)

    def answers(self) -> bool:
        """Return whether the server takes connections now."""
        try:
            with self._connection() as connection:
                return self.handshake(connection)
        except OSError:
            return False

    def _connection(self) -> socket.socket:
        plain = socket.create_connection((self.host, self.port), ANSWER_S)
        if self.certificates is None:
            return plain
        context = ssl.create_default_context(cafile=self.certificates.authority)
        return context.wrap_socket(plain, server_hostname=self.host)

    def stop(self) -> None:
        """Have the server stop properly; if it does not, kill it."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the server, as a fault would; what it has on disk stays."""
        self._end(signal.SIGKILL)

    def suspend(self) -> None:
        """Have the server hang: connections stay, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Have a server that hangs go on."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """End everything that was started; what is on disk does not matter any more."""
        if self._process is not None:
            self.kill()

    def _signal(self, sign: signal.Signals) -> None:
        assert self._process is not None, f"{self.name} does not run"
        self._process.send_signal(sign)

    def _end(self, sign: signal.Signals) -> None:
        assert self._process is not None, f"{self.name} does not run"
        ended(self._process, sign)
        self._process = None


def spawned(
    command: Sequence[str], environment: Mapping[str, str], output: Path
) -> subprocess.Popen[bytes]:
    """Start a process that dies when we do, however that happens."""
    with output.open("ab") as stream:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *command],
            env=dict(environment),
            cwd=output.parent,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )


def ended(process: subprocess.Popen[bytes], sign: signal.Signals) -> None:
    """Send a process a signal that ends it; kill it if that takes too long."""
    process.send_signal(signal.SIGCONT)
    process.send_signal(sign)
    try:
        process.wait(STOPPED_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
