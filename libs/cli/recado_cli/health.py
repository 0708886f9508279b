"""``recado health``: whether an instance on this host is ready, as a container asks it."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

import click

from recado_cli.common import Command, Common, option, pass_common
from recado_cli.output import talk

if TYPE_CHECKING:
    from recado.config import Settings

ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Addresses to listen at, and where that can be reached from this host."""


@click.command(cls=Command)
@option("--url", metavar="URL", help="Where the instance answers, without a path.")
@option(
    "--timeout", type=float, default=3.0, show_default=True, help="Seconds at most."
)
@pass_common
def health(common: Common, url: str | None, timeout: float) -> None:
    """Ask an instance whether it is ready; the exit code is 0 if it is, and 1 if not.

    Without --url the one at this host's health_port is asked.
    """
    from recado_cli.failing import FailedError

    host, port = _place(url) if url else _own_place(common.settings())
    if reason := _unready(host, port, timeout):
        raise FailedError(f"not ready: {reason}")
    talk("ready")


def _place(url: str) -> tuple[str, int]:
    wrong = click.UsageError(f"--url takes http://HOST:PORT, not {url!r}")
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError as error:
        raise wrong from error
    if parts.scheme != "http" or not parts.hostname:
        raise wrong
    return parts.hostname, port


def _own_place(settings: Settings) -> tuple[str, int]:
    if not settings.health_port:
        raise click.UsageError(
            "which instance? give --url, or its port as RECADO_HEALTH_PORT"
        )
    host = ANYWHERE.get(settings.health_host, settings.health_host)
    return host, settings.health_port


def _unready(host: str, port: int, timeout_s: float) -> str:
    """Ask, and return why the instance is not ready; empty if it is."""
    connection = HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.request("GET", "/ready")
        answer = connection.getresponse()
        content: Any = json.loads(answer.read(100_000))
    except (OSError, HTTPException, ValueError) as error:
        return f"{host}:{port} does not answer as an instance does: {error}"
    finally:
        connection.close()
    if answer.status == 200:
        return ""
    if isinstance(content, dict) and "reason" in content:
        return str(cast("dict[str, Any]", content)["reason"])
    return f"{host}:{port} answers with status {answer.status}"
