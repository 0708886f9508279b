"""Logins: how Zocalo reaches a broker, a management interface or a mail server, as URLs."""

from __future__ import annotations

import configparser
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from recado.errors import ConfigError, SchemaError
from recado.zocalo.including import faults
from recado.zocalo.plugins import Pika, RabbitApi, Smtp, Stomp, parts

PIKA, STOMP = "PikaTransport", "StompTransport"
"""Zocalo's names of the transports to RabbitMQ and ActiveMQ."""
_PIKA_DEFAULTS: Final = {
    "host": "localhost",
    "port": "5672",
    "username": "guest",
    "password": "guest",
    "vhost": "/",
}
_STOMP_DEFAULTS: Final = {
    "host": "localhost",
    "port": "61613",
    "username": "admin",
    "password": "password",
    "prefix": "",
}


@dataclass(frozen=True, slots=True)
class Login:
    """Where something is and who asks; the password apart, since it is never shown."""

    scheme: str
    hosts: tuple[tuple[str, str], ...]
    user: str = ""
    password: str = field(default="", repr=False)
    path: str = ""

    @property
    def url(self) -> str:
        """The URL with the password in it."""
        secret = f":{quote(self.password, safe='')}" if self.password else ""
        return self._url(secret)

    @property
    def without_password(self) -> str:
        """The URL as it may be shown."""
        return self._url(":***" if self.password else "")

    def url_with(self, password_file: Path) -> str:
        """Return the URL with a file in place of the password."""
        return f"{self._url('')}?password_file={quote(str(password_file))}"

    def _url(self, secret: str) -> str:
        user = f"{quote(self.user, safe='')}{secret}@" if self.user else ""
        hosts = ",".join(f"{host}:{port}" for host, port in self.hosts)
        return f"{self.scheme}://{user}{hosts}/{quote(self.path, safe='')}"


def rabbitmq(block: Pika) -> Login:
    """Return how RabbitMQ is reached."""
    path = "" if block.vhost == "/" else block.vhost
    return Login("amqp", tuple(block.hosts), block.username, block.password, path)


def activemq(block: Stomp) -> Login:
    """Return how ActiveMQ is reached."""
    hosts = tuple(block.hosts)
    return Login("stomp", hosts, block.username, block.password, block.prefix)


def management(block: RabbitApi) -> Login:
    """Return how RabbitMQ's management interface is reached, on any of its hosts."""
    urls = [urlsplit(url) for url in parts(block.base_url)]
    scheme = urls[0].scheme
    default = 15671 if scheme == "https" else 15672
    hosts = tuple((url.hostname or "", str(url.port or default)) for url in urls)
    path = urls[0].path.strip("/").removesuffix("api").strip("/")
    return Login(scheme, hosts, block.username, block.password, path)


def mail(block: Smtp) -> Login:
    """Return how the mail server is reached."""
    return Login("smtp", ((block.host, str(block.port)),))


def default_login(transport: str) -> Login:
    """Return how Zocalo reaches a broker of which nothing is said."""
    if transport == STOMP:
        return activemq(Stomp(plugin="stomp", **_STOMP_DEFAULTS))
    return rabbitmq(Pika(plugin="pika", **_PIKA_DEFAULTS))


def read_conf(path: Path, section: str) -> Login:
    """Return the login of a ``--rabbit-conf`` or ``--stomp-conf`` file, by its section.

    Raises:
        ConfigError: if it cannot be read, or has no such section.
        SchemaError: if what it says is no login.
    """
    parser = configparser.ConfigParser(allow_no_value=True)
    try:
        parser.read_string(path.read_text(encoding="utf-8"), source=path.name)
        given = {key: value or "" for key, value in parser[section].items()}
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except KeyError as error:
        raise ConfigError(f"{path} has no section [{section}]") from error
    except (UnicodeDecodeError, configparser.Error) as error:
        # Its text would quote the line, and the line may be the password.
        raise ConfigError(f"{path} is no INI file: {type(error).__name__}") from error
    if section == "stomp":
        content = {"plugin": "stomp", **_STOMP_DEFAULTS, **given}
    else:
        content = {"plugin": "pika", **_PIKA_DEFAULTS, **given}
    if problems := faults(content, f"[{section}]"):
        raise SchemaError(str(path), problems)
    if section == "stomp":
        return activemq(Stomp.model_validate(content))
    return rabbitmq(Pika.model_validate(content))
