"""Carrying over: which settings of recado say what a configuration of Zocalo says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from recado.zocalo.activation import Activated, Active
from recado.zocalo.login import (
    PIKA,
    STOMP,
    Login,
    activemq,
    default_login,
    mail,
    management,
    rabbitmq,
)
from recado.zocalo.plugins import Pika, RabbitApi, Smtp, Stomp, Transport

TRANSPORT_KEY: Final = "zocalo.default_transport"

_TRANSPORTS: Final[Mapping[str, str]] = {"pika": PIKA, "stomp": STOMP}
_UNREAD: Final = "nothing of recado reads it"
_UNKNOWN: Final = "no such plug-in is known here"

_FOLDERS: Final[Mapping[str, str]] = {
    "zocalo.recipe_directory": "recipes",
    "zocalo.go.fallback_location": "drop",
    "zocalo.dlq.purge_location": "purge",
}
"""By key of the storage: the setting that is the same folder."""
_ELSEWHERE: Final[Mapping[str, str]] = {
    "zocalo.dispatcher.logbook_location": (
        "the event store keeps what a run was started from; 'recado run show' tells it"
    ),
    "logging": "what is logged, and how, is set by log_level and log_format",
    "graylog": "services log JSON lines to standard out, for a collector to send on",
    "jmx": "what ActiveMQ holds is asked over STOMP",
    "slurm": "recado sends no jobs to a cluster; 'recado wrap' runs within one",
    "iris": "recado sends no jobs to a cluster; 'recado wrap' runs within one",
    "opentelemetry": "recado sends no traces; 'recado run show' tells what a run did",
}
"""By plug-in, or key of the storage: where recado has that."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A setting, its value, and the block that it is from; empty if Zocalo implies it."""

    name: str
    value: str | Login
    block: str


@dataclass(frozen=True, slots=True)
class Left:
    """What is not carried over, and why."""

    what: str
    block: str
    reason: str


def carried(active: Activated) -> tuple[list[Carried], list[Left]]:
    """Return the settings that say what holds, and what none of them says."""
    done = [*_logins(active), *_folders(active)]
    left = [
        *_other_brokers(active),
        *(
            Left(f"storage {key!r}", stored.block, _ELSEWHERE.get(key, _UNREAD))
            for key, stored in active.storage.items()
            if key not in (*_FOLDERS, TRANSPORT_KEY)
        ),
        *(
            Left(plugin, each.block, _ELSEWHERE[plugin])
            for plugin, each in active.plugins.items()
            if plugin in _ELSEWHERE
        ),
        *(Left(plugin, block, _UNKNOWN) for block, plugin in active.unknown),
    ]
    return done, left


def default_transport(active: Activated) -> str:
    """Return the transport that is meant if nobody says; empty if it is not told."""
    if TRANSPORT_KEY in active.storage:
        return str(active.storage[TRANSPORT_KEY].value)
    match active.plugins.get("transport"):
        case Active(content=Transport() as chosen):
            return chosen.default
        case _:
            return ""


def _logins(active: Activated) -> Iterator[Carried]:
    meant = _meant(active)
    is_there = False
    for each in active.plugins.values():
        match each.content:
            case Pika() if meant == PIKA:
                yield Carried("broker", rabbitmq(each.content), each.block)
                is_there = True
            case Stomp() if meant == STOMP:
                yield Carried("broker", activemq(each.content), each.block)
                is_there = True
            case RabbitApi():
                yield Carried("management", management(each.content), each.block)
            case Smtp():
                yield Carried("smtp", mail(each.content), each.block)
                if each.content.sender:
                    yield Carried("mail_from", each.content.sender, each.block)
            case _:
                pass
    if active.environments and not is_there and meant in (PIKA, STOMP):
        yield Carried("broker", default_login(meant), "")


def _folders(active: Activated) -> Iterator[Carried]:
    for key, setting in _FOLDERS.items():
        stored = active.storage.get(key)
        if stored is not None and stored.value:
            yield Carried(setting, str(stored.value), stored.block)
    # Zocalo's service for files writes wherever it may.
    if active.plugins or active.storage:
        yield Carried("outputs", "/", "")


def _other_brokers(active: Activated) -> Iterator[Left]:
    meant = _meant(active)
    for plugin, transport in _TRANSPORTS.items():
        if plugin in active.plugins and transport != meant:
            reason = f"the default transport is {meant}"
            yield Left(plugin, active.plugins[plugin].block, reason)


def _meant(active: Activated) -> str:
    """Return the transport: Zocalo's default, unless only the other one is set up."""
    there = [_TRANSPORTS[each] for each in _TRANSPORTS if each in active.plugins]
    return default_transport(active) or (there or [PIKA])[0]
