"""The settings: what each is called, what it may be, and what it is by default."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from recado.errors import nearest

BROKER_SCHEMES: Final = ("sqlite", "amqp", "amqps", "stomp", "stomp+ssl")
STORE_SCHEMES: Final = ("sqlite", "postgresql")
MANAGEMENT_SCHEMES: Final = ("http", "https")
SMTP_SCHEMES: Final = ("smtp", "smtps")


def _database(folder: Path, name: str) -> str:
    return f"sqlite:///{in_url(folder)}/{name}"


def in_url(folder: Path) -> str:
    """Return a folder as a URL's path: only what would end or change it is escaped."""
    return str(folder).replace("%", "%25").replace("?", "%3F")


def _lowered(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _listed(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [name.strip() for name in value.split(",") if name.strip()]


def _is_url_of(schemes: Sequence[str]) -> BeforeValidator:
    def check(value: object) -> object:
        if not isinstance(value, str):
            return value
        scheme, mark, _ = value.partition("://")
        if not mark:
            raise ValueError(f"must be a URL, such as {schemes[0]}:///…, not")
        if scheme not in schemes:
            hint = nearest(scheme, schemes)
            raise ValueError(f"unknown scheme {scheme!r}{hint}; in")
        return value

    return BeforeValidator(check)


class Settings(BaseModel):
    """What every process of an installation has to know; made once, at the start."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Path = Field(
        default=Path(".recado"),
        description="Folder for what recado keeps on this host",
    )
    recipes: Path = Field(
        default=Path("recipes"),
        description="Folder of the recipes that are started by name",
    )
    outputs: Path = Field(
        default=Path("outputs"),
        description="Folder that sinks may write files in, and no other",
    )
    broker: Annotated[str, _is_url_of(BROKER_SCHEMES)] = Field(
        default_factory=lambda known: _database(known["state"], "broker.db"),
        description="The broker's URL; its scheme says which kind it is",
    )
    store: Annotated[str, _is_url_of(STORE_SCHEMES)] = Field(
        default_factory=lambda known: _database(known["state"], "events.db"),
        description="The event store's database, as a URL",
    )
    smtp: Annotated[str | None, _is_url_of(SMTP_SCHEMES)] = Field(
        default=None,
        description="The mail server's URL: smtp://USER:PASSWORD@HOST:PORT",
    )
    mail_from: str | None = Field(
        default=None,
        description="The sender of mails that name none; recado at this host if unset",
    )
    drop: Path = Field(
        default_factory=lambda known: known["state"] / "drop",
        description="Folder of the requests that were stored while the broker was away",
    )
    purge: Path = Field(
        default=Path("DLQ"),
        description="Folder of the files that dead letters are written to",
    )
    grace_s: float = Field(
        default=30.0,
        ge=0,
        allow_inf_nan=False,
        description="Seconds that a stopping service may take to finish what it holds",
    )
    health_port: int | None = Field(
        default=None,
        ge=0,
        le=65_535,
        description="Port for health and metrics over HTTP; 0 for any, none if unset",
    )
    health_host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="The address that the health port listens at",
    )
    topology: Annotated[
        Literal["declare", "verify", "off"], BeforeValidator(_lowered)
    ] = Field(
        default="declare",
        description="Whether queues are made, only looked for, or taken for granted",
    )
    management: Annotated[str | None, _is_url_of(MANAGEMENT_SCHEMES)] = Field(
        default=None,
        description="RabbitMQ's management interface; on the broker's hosts if unset",
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], BeforeValidator(_lowered)
    ] = Field(default="info", description="The least severe level that is logged")
    log_format: Annotated[
        Literal["auto", "json", "console"], BeforeValidator(_lowered)
    ] = Field(
        default="auto",
        description="How a log line looks; auto is console on a terminal, else json",
    )
    tag: str | None = Field(
        default=None,
        max_length=200,
        description="A text that every heartbeat of a service's process carries",
    )
    filters: Annotated[tuple[str, ...] | None, BeforeValidator(_listed)] = Field(
        default=None,
        description="Filters of the dispatcher, in order; all that are installed if unset",
    )
    ready_checks: Annotated[tuple[str, ...] | None, BeforeValidator(_listed)] = Field(
        default=None,
        description="Ready checks of the dispatcher, in order; all installed if unset",
    )
    runs_per_user: int | None = Field(
        default=None,
        ge=1,
        description="Runs of one submitter at work at a time; any number if unset",
    )
    plugins: Annotated[tuple[str, ...] | None, BeforeValidator(_listed)] = Field(
        default=None,
        description="Plug-ins that may be loaded; all that are installed if unset",
    )


SETTINGS: Final = tuple(Settings.model_fields)
FOLDERS: Final = ("drop", "state", "recipes", "outputs", "purge")
URLS: Final = ("broker", "store")
"""Those whose URL may name a file."""
