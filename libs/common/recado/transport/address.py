"""Addresses: what the URL of a broker on the network says, or of a part of one.

``amqp://USER:PASSWORD@HOST:PORT,HOST:PORT/PATH?OPTION=VALUE``: several hosts are tried in
turn. A password may stand in a file of its own (``password_file``), which is read at each
connection, so that it can be changed while processes run.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from recado.config import shown
from recado.errors import ConfigError
from recado.transport.options import Option, read_options

SECURE: Final = ("amqps", "stomp+ssl", "https")
"""The schemes of secure connections."""
CERTIFICATES: Final = ("cafile", "certfile", "keyfile")
FILES: Final = ("password_file", *CERTIFICATES)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker is, who asks, and the options that its transport knows."""

    url: str = field(repr=False)
    """The whole URL as it was given, password and all."""
    scheme: str
    hosts: tuple[tuple[str, int], ...]
    user: str
    path: str
    """What follows the hosts, without its slash; empty if there is none."""
    is_secure: bool
    options: Mapping[str, Any]
    """Those that the transport knows, read; one that was not given is not there."""
    files: Mapping[str, Path]
    """By option: where the password, the certificates and the key are."""

    @property
    def shown(self) -> str:
        """The broker's name in logs and errors: nothing secret is in it."""
        hosts = ",".join(f"{_bracketed(host)}:{port}" for host, port in self.hosts)
        path = f"/{self.path}" if self.path else ""
        return f"broker {self.scheme}://{hosts}{path}"

    def credentials(self) -> tuple[str, str]:
        """Return the user and the password, as they are now.

        Raises:
            ConfigError: if the password's file cannot be read.
        """
        path = self.files.get("password_file")
        if path is None:
            return self.user, unquote(urlsplit(self.url).password or "")
        try:
            return self.user, path.read_text().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(
                f"{self.shown}: cannot read password_file {str(path)!r}: {reason}"
            ) from error

    def tls(self) -> ssl.SSLContext | None:
        """Return how a secure connection checks and proves itself; none for a plain one.

        Raises:
            ConfigError: if a certificate or a key cannot be used.
        """
        if not self.is_secure:
            return None
        certificate, key = self.files.get("certfile"), self.files.get("keyfile")
        try:
            context = ssl.create_default_context(cafile=self.files.get("cafile"))
            if certificate is not None:
                context.load_cert_chain(certificate, key)
        except OSError as error:
            names = ", ".join(str(path) for path in self.files.values())
            raise ConfigError(
                f"{self.shown}: cannot use its certificates ({names}): {error}"
            ) from error
        return context


def read_address(
    url: str, *, port: int, secure_port: int, options: Mapping[str, Option]
) -> Address:
    """Return what a URL says; ports that it does not name are the given ones.

    Every transport knows the options ``password_file``, ``cafile``, ``certfile``
    and ``keyfile``; ``options`` are its own.

    Raises:
        ConfigError: for a URL that names no host, a port that is none, or an option that
            nobody knows or that has no such value.
    """
    try:
        parts = urlsplit(url)
        is_secure = parts.scheme in SECURE
        default = secure_port if is_secure else port
        hosts = _hosts(parts.netloc.rpartition("@")[2], default)
        given = read_options(parts.query, {**options, **dict.fromkeys(FILES, _file)})
        files: dict[str, Path] = {n: given.pop(n) for n in FILES if n in given}
        if not is_secure and not files.keys().isdisjoint(CERTIFICATES):
            raise ValueError(
                f"{', '.join(CERTIFICATES)} need a secure connection, and"
                f" {parts.scheme}:// is none; use {_secure(parts.scheme)}://"
            )
        if "password_file" in files and parts.password is not None:
            raise ValueError("has a password and a password_file; give one of them")
    except ValueError as error:
        raise ConfigError(f"broker {shown(url)!r}: {error}") from None
    return Address(
        url=url,
        scheme=parts.scheme,
        hosts=hosts,
        user=unquote(parts.username or ""),
        path=unquote(parts.path.removeprefix("/")),
        is_secure=is_secure,
        options=given,
        files=files,
    )


def _secure(scheme: str) -> str:
    return next(each for each in SECURE if each.startswith(scheme))


def _hosts(text: str, default: int) -> tuple[tuple[str, int], ...]:
    hosts = tuple(_host(each, default) for each in text.split(",") if each)
    if not hosts:
        raise ValueError("names no host; for example amqp://localhost or stomp://a,b")
    return hosts


def _host(text: str, default: int) -> tuple[str, int]:
    if text.startswith("["):  # an IPv6 address
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    else:
        host, _, port = text.partition(":")
    if not host:
        raise ValueError(f"{text!r} names no host")
    if port and not (port.isdecimal() and 0 < int(port) < 65_536):
        raise ValueError(f"port must be a number from 1 to 65535, not {port!r}")
    return host, int(port) if port else default


def _file(value: str) -> Path:
    if not value or "\0" in value:
        raise ValueError("must be the path of a file")
    return Path(value).expanduser()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
