"""What Zocalo's configuration plug-ins take: each block is for one of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _address(value: str) -> str:
    name, _, host = value.rpartition("@")
    if not name or not host:
        raise ValueError("must be a mail address, such as zocalo@example.org")
    return value


def parts(text: str | int) -> list[str]:
    """Return what stands between the commas of a text."""
    return [part.strip() for part in str(text).split(",") if part.strip()]


def _base_url(value: str) -> str:
    urls = [urlsplit(url) for url in parts(value)]
    if not urls or not all(
        url.scheme in ("http", "https") and url.hostname and url.port != 0
        for url in urls
    ):
        raise ValueError("must be http://HOST:PORT/api, or several of these")
    if len({(url.scheme, url.path.strip("/")) for url in urls}) > 1:
        raise ValueError("must name hosts that differ in their names and ports alone")
    return value


class Plugin(BaseModel):
    """A block's content; keys that a plug-in does not know are ignored, as Zocalo does."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    plugin: str


class Broker(Plugin):
    """How a broker is reached; several hosts and ports are divided by commas."""

    host: str
    port: int | str
    username: str
    password: str = Field(repr=False)

    @property
    def hosts(self) -> list[tuple[str, str]]:
        """Each host with its port."""
        hosts, ports = parts(self.host), parts(self.port)
        return list(
            zip(hosts, ports * (1 if len(ports) > 1 else len(hosts)), strict=True)
        )

    @model_validator(mode="after")
    def _paired(self) -> Self:
        hosts, ports = parts(self.host), parts(self.port)
        if not hosts or len(ports) not in (1, len(hosts)):
            raise ValueError(
                f"has {len(hosts)} hosts and {len(ports)} ports; there must be one port,"
                " or one for each host"
            )
        for port in ports:
            if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
                raise ValueError(f"has the port {port!r:.20}; it must be 1 to 65535")
        return self


class Pika(Broker):
    """How RabbitMQ is reached."""

    vhost: str


class Stomp(Broker):
    """How ActiveMQ is reached."""

    prefix: str


class Transport(Plugin):
    """Which broker is meant if nobody says."""

    default: str


class RabbitApi(Plugin):
    """Where RabbitMQ's management interface is; several URLs are divided by commas."""

    base_url: Annotated[str, AfterValidator(_base_url)]
    username: str
    password: str = Field(repr=False)
    vhost: str = "/"


class Smtp(Plugin):
    """The mail server, and who writes."""

    host: str
    port: int = Field(ge=1, le=65535)
    sender: Annotated[str, AfterValidator(_address)] | None = Field(
        default=None, alias="from"
    )


class Graylog(Plugin):
    """Where log lines are sent."""

    protocol: Literal["UDP", "TCP"]
    host: str
    port: int


class Jmx(Plugin):
    """Where ActiveMQ tells of itself."""

    host: str
    port: int
    base_url: str
    username: str
    password: str = Field(repr=False)


class Slurm(Plugin):
    """A cluster that takes jobs."""

    url: str
    user_token: str | None = Field(default=None, repr=False)
    user: str | None = None
    api_version: str


class OpenTelemetry(Plugin):
    """Where traces are sent."""

    host: str
    port: int
    timeout: int = 10


STORAGE: Final = "storage"
"""The plug-in of free keys and values: the blocks of several add up."""

PLUGINS: Final[Mapping[str, type[Plugin]]] = {
    "graylog": Graylog,
    "iris": Slurm,
    "jmx": Jmx,
    "logging": Plugin,
    "opentelemetry": OpenTelemetry,
    "pika": Pika,
    "rabbitmqapi": RabbitApi,
    "slurm": Slurm,
    "smtp": Smtp,
    "stomp": Stomp,
    STORAGE: Plugin,
    "transport": Transport,
}
"""By name: what a block for it must have."""

SECRET: Final = ("base_url", "password", "user_token")
"""Keys whose values are never told, not even if they are wrong; a URL may hold a password."""
