"""RabbitMQ's management interface: what AMQP cannot ask for."""

from __future__ import annotations

import http.client
import json
from base64 import b64encode
from collections.abc import Generator
from contextlib import closing, contextmanager
from typing import Any
from uuid import uuid4

from tests.brokers.rabbitmq import RabbitMQ


@contextmanager
def vhost(server: RabbitMQ) -> Generator[str]:
    """Make a virtual host for the length of a block: a broker with nothing in it."""
    name = uuid4().hex[:8]
    asked(server, "PUT", f"/vhosts/{name}")
    try:
        yield name
    finally:
        asked(server, "DELETE", f"/vhosts/{name}")


def asked(server: RabbitMQ, method: str, path: str) -> Any:
    """Send a request to the server; return what it answers, if anything."""
    with closing(http.client.HTTPConnection(server.host, server.http_port)) as http_:
        login = b64encode(b"guest:guest").decode()
        http_.request(
            method, f"/api{path}", headers={"Authorization": f"Basic {login}"}
        )
        response = http_.getresponse()
        text = response.read()
    assert response.status < 300, f"{method} {path}: {response.status} {text!r}"
    return json.loads(text) if text else None
