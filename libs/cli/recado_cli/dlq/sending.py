"""Sending files of dead letters: each is read, sent, and only then deleted."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from recado.dumps import read_dump
from recado.errors import SchemaError, TransportError
from recado.events import EVENTS_QUEUE, append_message
from recado.message import Outgoing
from recado.revival import retried_event, retries_of
from recado.transport import Transport

_AT_ONCE: Final = 100
_TALK: Final = re.compile(
    r"Looking for DLQ messages in |Found \d+ DLQ messages in |\s+Message .* exported:$|Done\.$"
)
"""What zocalo.dlq_purge says beside the files' names."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What is to be done with the files; ``space`` is ActiveMQ's namespace."""

    destination: str | None = None
    wait_s: float = 0.0
    remove: bool = False
    dry_run: bool = False
    space: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: where its message was sent, or why it was not."""

    file: str
    message: str = ""
    queue: str = ""
    error: str = ""
    is_missing: bool = False
    content: bytes = b""


def names_in(lines: Iterable[str]) -> list[str]:
    """Return the files that lines name: as they are, as JSON, or as Zocalo's tool does."""
    return [name for line in lines if (name := _name_in(line))]


def _name_in(line: str) -> str:
    if line.startswith("{"):
        try:
            value: Any = json.loads(line)
        except ValueError:
            return line
        named = cast("dict[str, Any]", value).get("file")
        return named if isinstance(named, str) else ""
    return "" if _TALK.match(line) else line.strip()


def outgoing(content: bytes, orders: Orders, now: float) -> list[Outgoing]:
    """Return the message of a file, on its way to where it died, and what tells of it.

    Raises:
        SchemaError: if it is no dump, or nothing tells where the message died.
    """
    dump = read_dump(content)
    message = dump.message
    if orders.destination is not None:
        name, is_topic = orders.destination, False
    else:
        name, is_topic = dump.destination.name, dump.destination.is_topic
    queue = name.removeprefix(orders.space)
    sent = [Outgoing(queue, message, is_topic=is_topic)]
    if dump.letter and message.run and message.is_recipe:
        retries = retries_of(message.headers)
        event = retried_event(message.id, dump.letter, message.run, queue, retries, now)
        told = append_message([event], "")
        sent.append(Outgoing(EVENTS_QUEUE, told, mandatory=False))
    return sent


async def send_all(
    transport: Transport, names: Sequence[str], orders: Orders
) -> AsyncGenerator[Outcome]:
    """Send the messages of files, and yield what became of each, in their order."""
    step = 1 if orders.wait_s else _AT_ONCE
    for start in range(0, len(names), step):
        if start:
            await asyncio.sleep(orders.wait_s)
        some = names[start : start + step]
        for outcome in await asyncio.gather(
            *(_sent(transport, name, orders) for name in some)
        ):
            yield outcome


async def _sent(transport: Transport, name: str, orders: Orders) -> Outcome:
    path = Path(name)
    try:
        content = await asyncio.to_thread(path.read_bytes)
        message, *told = outgoing(content, orders, time.time())
        await _send(transport, message, told, orders)
    except FileNotFoundError:
        return Outcome(name, is_missing=True)
    except OSError as error:
        return Outcome(name, error=f"cannot be read: {error.strerror or error}")
    except (SchemaError, TransportError) as error:
        return Outcome(name, error=str(error))
    outcome = Outcome(name, message.message.id, message.queue, content=content)
    if orders.remove and not orders.dry_run:
        return await asyncio.to_thread(_removed, path, outcome)
    return outcome


async def _send(
    transport: Transport, message: Outgoing, told: Sequence[Outgoing], orders: Orders
) -> None:
    if not orders.dry_run:
        await transport.publish([message, *told])
    elif not message.is_topic:
        await transport.declare([message.queue], "verify")


def _removed(path: Path, outcome: Outcome) -> Outcome:
    try:
        path.unlink()
    except OSError as error:
        why = f"was sent to {outcome.queue}, but cannot be removed: {error.strerror}"
        return Outcome(outcome.file, outcome.message, outcome.queue, why)
    return outcome
