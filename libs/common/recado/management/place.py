"""Where RabbitMQ's management interface is: at a URL, or beside the broker."""

from __future__ import annotations

from recado.config import shown
from recado.errors import ConfigError
from recado.transport.address import Address, read_address
from recado.transport.rabbitmq import read_url

PORT, SECURE_PORT = 15672, 15671


def management_address(url: str | None, broker: str) -> Address:
    """Return where the management interface is: at a URL, or beside a broker.

    Without a URL it is taken to be on the broker's hosts, at the usual port, for the
    broker's user.

    Raises:
        ConfigError: if the URL cannot be used, or there is none and the broker is no
            RabbitMQ.
    """
    if url is not None:
        if not url.startswith(("http://", "https://")):
            raise ConfigError(
                f"the management interface's URL must be http://USER:PASSWORD@HOST:{PORT}/,"
                f" not {shown(url)!r}"
            )
        return read_address(url, port=PORT, secure_port=SECURE_PORT, options={})
    if not broker.startswith(("amqp://", "amqps://")):
        raise ConfigError(
            f"broker {shown(broker)!r} has no management interface; RabbitMQ's has one"
        )
    beside = read_url(broker)
    port = SECURE_PORT if beside.is_secure else PORT
    return Address(
        url=broker,
        scheme="https" if beside.is_secure else "http",
        hosts=tuple((host, port) for host, _ in beside.hosts),
        user=beside.user,
        path="",
        is_secure=beside.is_secure,
        options={},
        files=beside.files,
    )
