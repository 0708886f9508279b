"""``recado health``: what it asks, and what it makes of the answer."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager
from threading import Thread

import pytest

from tests.unit.cli.conftest import Command

READY = b'HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{"ready":true}'
NOT_READY = (
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n"
    b'{"ready": false, "reason": "draining"}'
)
OTHER = b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}"
NO_JSON = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nwell"
NO_HTTP = b"+OK POP3 ready\r\n"


@contextmanager
def answering(answer: bytes) -> Generator[int]:
    """Answer one request with some bytes; say at which port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                asked.append(connection.recv(10_000))
                connection.sendall(answer)

        asked: list[bytes] = []
        thread = Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()
        assert asked[0].startswith(b"GET /ready HTTP/1.1\r\n")


def test_an_instance_that_is_ready_gives_code_zero(command: Command) -> None:
    with answering(READY) as port:
        done = command("health", "--url", f"http://127.0.0.1:{port}")

    assert (done.code, done.out, done.err) == (0, "", "recado: ready\n")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (NOT_READY, "not ready: draining"),
        (OTHER, "answers with status 404"),
        (NO_JSON, "does not answer as an instance does"),
        (NO_HTTP, "does not answer as an instance does"),
        (b"", "does not answer as an instance does"),
    ],
)
def test_anything_else_gives_code_one_and_the_reason(
    command: Command, answer: bytes, expected: str
) -> None:
    with answering(answer) as port:
        done = command("health", "--url", f"http://127.0.0.1:{port}")

    assert (done.code, done.out) == (1, "")
    assert expected in done.err
    assert len(done.err.splitlines()) == 1


def test_nobody_there_gives_code_one(command: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    done = command("health", "--url", f"http://127.0.0.1:{port}")

    assert done.code == 1
    assert "Connection refused" in done.err


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_without_a_url_the_hosts_own_port_is_asked(
    command: Command, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("RECADO_HEALTH_HOST", host)
    with answering(READY) as port:
        monkeypatch.setenv("RECADO_HEALTH_PORT", str(port))
        done = command("health")

    assert (done.code, done.err) == (0, "recado: ready\n")


@pytest.mark.parametrize("port", [None, "0"])
def test_without_a_url_and_a_port_it_is_misused(
    command: Command, monkeypatch: pytest.MonkeyPatch, port: str | None
) -> None:
    if port is not None:
        monkeypatch.setenv("RECADO_HEALTH_PORT", port)

    done = command("health")

    assert done.code == 2
    assert "give --url" in done.err


@pytest.mark.parametrize("url", ["127.0.0.1:80", "https://x", "http://", "http://x:y"])
def test_a_url_that_is_none_is_misused(command: Command, url: str) -> None:
    done = command("health", "--url", url)

    assert done.code == 2
    assert "--url takes http://HOST:PORT" in done.err


def test_a_misspelt_variable_of_its_own_is_warned_of(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECADO_HEALTH_TIMOUT", "3")
    monkeypatch.setenv("RECADO_HEALTH_PORT", "0")

    done = command("health")

    assert [line for line in done.err.splitlines() if "warning" in line] == [
        "recado: warning: RECADO_HEALTH_TIMOUT: no such variable;"
        " did you mean 'RECADO_HEALTH_TIMEOUT'?"
        " known: RECADO_HEALTH_TIMEOUT, RECADO_HEALTH_URL"
    ]
