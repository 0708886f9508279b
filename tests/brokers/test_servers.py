"""The servers that tests start are theirs alone, and none outlives its test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.brokers.activemq import ActiveMQ
from tests.brokers.certificates import make_certificates
from tests.brokers.netns import Namespace, Way, namespace
from tests.brokers.rabbitmq import RabbitMQ

SERVERS: tuple[type[RabbitMQ] | type[ActiveMQ], ...] = (RabbitMQ, ActiveMQ)
ROOT = Path(__file__).parents[2]
PARENT = """
import sys
from pathlib import Path
from tests.brokers.{module} import {name} as Server
server = Server(Path(sys.argv[1]))
server.spawn()
print(server.pid, flush=True)
sys.stdin.read()
"""

ECHO = """
import socket, sys
with socket.create_server((sys.argv[1], 0)) as server:
    print(server.getsockname()[1], flush=True)
    connection, _ = server.accept()
    while text := connection.recv(1):
        connection.sendall(text)
"""


def processes(folder: Path) -> list[int]:
    """Return the processes that have to do with a folder."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or entry.name == str(os.getpid()):
            continue
        try:
            facts = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in facts:
            found.append(int(entry.name))
    return found


def until_none_is_left(folder: Path) -> None:
    deadline = time.monotonic() + 20
    while left := processes(folder):
        assert time.monotonic() < deadline, f"left of {folder}: {left}"
        time.sleep(0.02)


@pytest.mark.parametrize("server_type", SERVERS)
def test_a_server_that_hangs_in_the_end_leaves_no_process(
    tmp_path: Path, server_type: type[RabbitMQ] | type[ActiveMQ]
) -> None:
    certificates = make_certificates(tmp_path / "certificates")
    with server_type(tmp_path / "server", certificates=certificates) as server:
        assert server.answers()
        assert server.pid in processes(server.folder)
        server.suspend()

    until_none_is_left(tmp_path / "server")


@pytest.mark.parametrize("server_type", SERVERS)
def test_a_server_dies_with_the_tests_however_they_die(
    tmp_path: Path, server_type: type[RabbitMQ] | type[ActiveMQ]
) -> None:
    folder = tmp_path / "server"
    server_type(folder)  # ends the test where it is not installed
    program = PARENT.format(
        module=server_type.__module__.rpartition(".")[2], name=server_type.__name__
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, folder],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert pid in processes(folder)

        parent.send_signal(signal.SIGKILL)

    until_none_is_left(folder)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    configuration = tmp_path / "activemq.xml"
    configuration.write_text("<nonsense/>")
    server = ActiveMQ(tmp_path / "server", configuration=configuration)

    with pytest.raises(AssertionError, match="nonsense"), server:
        pass

    until_none_is_left(server.folder)


@pytest.mark.parametrize("way", ["in", "out", "both"])
def test_a_network_that_is_cut_is_silent_until_it_heals(way: Way) -> None:
    with namespace() as place, served(place) as connection:
        assert said(connection, b"a") == b"a"

        place.cut(way)
        with pytest.raises(TimeoutError):
            said(connection, b"b")
        place.heal()

        connection.settimeout(10)
        assert connection.recv(1) == b"b"


@contextmanager
def served(place: Namespace) -> Generator[socket.socket]:
    """Connect to something in a network that says what it hears."""
    program = [*place.enter(), sys.executable, "-c", ECHO, place.host]
    with subprocess.Popen(program, stdout=subprocess.PIPE) as echo:
        assert echo.stdout is not None
        port = int(echo.stdout.readline())
        with socket.create_connection((place.host, port), 5.0) as connection:
            yield connection
        echo.kill()


def said(connection: socket.socket, text: bytes) -> bytes:
    connection.settimeout(0.3)
    connection.sendall(text)
    return connection.recv(1)
