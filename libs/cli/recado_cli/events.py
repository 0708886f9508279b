"""``recado events``: read what is recorded, and follow what is being recorded."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

import click

from recado_cli.common import Common, Group, option, pass_common

if TYPE_CHECKING:
    from recado.clients.eventlog import EventLog
    from recado.config import Settings
    from recado.schemas.events import StoredEvent

_types = option("--type", "types", multiple=True, help="Only this type; repeatable.")
_as_json = option("--json", "as_json", is_flag=True, help="One line of JSON each.")


@click.group(cls=Group)
def events() -> None:
    """Read and follow the event store."""


@events.command()
@click.argument("stream", required=False)
@option("--from", "start", type=click.IntRange(min=0), help="Where to begin.")
@option("--limit", type=click.IntRange(min=1), help="How many at most.")
@_types
@_as_json
@pass_common
def read(
    common: Common,
    stream: str | None,
    start: int | None,
    limit: int | None,
    types: tuple[str, ...],
    as_json: bool,
) -> None:
    """Print the events of a stream, or of all streams in the order of their positions.

    A run's stream is run-ID. --from is a version of the stream, or the position from
    which to read on over all streams.
    """
    from recado_cli.session import wait_for

    wait_for(_read(common.settings(), stream, start, limit, types, as_json))


@events.command()
@option("--from", "start", type=click.IntRange(min=0), help="A position; default: now.")
@_types
@_as_json
@pass_common
def tail(
    common: Common, start: int | None, types: tuple[str, ...], as_json: bool
) -> None:
    """Print events as they are recorded, until Ctrl-C."""
    from recado_cli.session import wait_for

    wait_for(_tail(common.settings(), start, types, as_json))


async def _read(
    settings: Settings,
    stream: str | None,
    start: int | None,
    limit: int | None,
    types: tuple[str, ...],
    as_json: bool,
) -> None:
    from recado.clients.eventlog import EventLog
    from recado_cli.session import asking, connected

    async with connected(settings) as transport:
        log = EventLog(transport)
        source = (
            _of_stream(log, stream, start, types)
            if stream
            else _of_all(log, start or 0, types)
        )
        with asking("event store", settings):
            number = 0
            async for event in source:
                _print(event, as_json)
                number += 1
                if number == limit:
                    return


async def _of_stream(
    log: EventLog, stream: str, start: int | None, types: tuple[str, ...]
) -> AsyncGenerator[StoredEvent]:
    version = start
    while True:
        page = await log.read(stream, version, limit=1000)
        if not page.version:
            from recado.errors import NotFoundError

            raise NotFoundError(f"no stream {stream!r}; a run's stream is 'run-ID'")
        for event in page.events:
            if not types or event.type in types:
                yield event
        if page.next_version is None:
            return
        version = page.next_version


async def _of_all(
    log: EventLog, position: int, types: tuple[str, ...]
) -> AsyncGenerator[StoredEvent]:
    while True:
        page = await log.read_all(position, limit=1000, types=types)
        for event in page.events:
            yield event
        position = page.position
        if position >= page.head:
            return


async def _tail(
    settings: Settings, start: int | None, types: tuple[str, ...], as_json: bool
) -> None:
    from recado.clients.eventlog import EventLog
    from recado_cli.session import asking, connected

    async with connected(settings) as transport:
        log = EventLog(transport)
        with asking("event store", settings):
            position = await log.head() if start is None else start
            async for event in log.follow(position, types=types):
                _print(event, as_json)


def _print(event: StoredEvent, as_json: bool) -> None:
    from recado_cli.output import print_line
    from recado_cli.telling import event_text

    if as_json:
        print_line(event)
    else:
        click.echo(event_text(event))
