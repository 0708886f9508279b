"""``recado drain``: messages moved from one queue to another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from recado_cli.common import Command, Common, option, pass_common
from recado_cli.output import clean, count, print_json, print_table, talk

if TYPE_CHECKING:
    from recado.config import Settings
    from recado.transport import Depth
    from recado_cli.taking import Limits


@dataclass(slots=True)
class Moved:
    """What came of a drain: how many messages went where, and why others stay."""

    destinations: Counter[str] = field(default_factory=Counter[str])
    staying: Mapping[str, str] = field(default_factory=dict[str, str])
    left: Depth | None = None
    """What the source holds in the end; none if that is not known."""

    @property
    def total(self) -> int:
        """How many messages were moved."""
        return self.destinations.total()


@click.command(cls=Command)
@click.argument("source", metavar="SRC")
@click.argument("destination", metavar="DEST")
@option("--count", "most", type=click.IntRange(min=1), help="Move so many at most.")
@option("--rate", type=click.FloatRange(0, min_open=True), help="Messages a second.")
@option("--wait", type=click.FloatRange(0), help="Seconds between two messages.")
@option("--stop", type=click.FloatRange(0), help="Wait so long for more; 0: for ever.")
@option("--dry-run", is_flag=True, help="Say what would be moved.")
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def drain(
    common: Common,
    source: str,
    destination: str,
    most: int | None,
    rate: float | None,
    wait: float | None,
    stop: float | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Move a queue's messages to another queue.

    DEST may be '.': each message goes to the queue of the recipe's step that it is for.
    It ends when SRC is empty, unless --stop says how long to wait for more. It may be
    stopped at any time, and begun again. The exit code is 1 if messages had to stay.
    """
    from recado_cli.session import wait_for
    from recado_cli.taking import Limits

    if source == destination:
        raise click.UsageError(f"{source!r} is both where from and where to")
    if rate is not None and wait is not None:
        raise click.UsageError("give either --rate or --wait")
    pace_s = 1 / rate if rate else wait or 0.0
    limits = Limits(most, pace_s, stop)
    moved = Moved()
    settings = common.settings()
    try:
        if dry_run:
            wait_for(_looked(settings, source, destination, limits, moved))
        else:
            wait_for(_drained(settings, source, destination, limits, moved))
    finally:
        _tell(moved, source, as_json=as_json, is_dry=dry_run)
    if moved.staying:
        from recado_cli.failing import FailedError

        raise FailedError(
            f"{count(len(moved.staying), 'message')} stayed in {source!r}"
        )


async def _drained(
    settings: Settings, source: str, destination: str, limits: Limits, moved: Moved
) -> None:
    from recado.errors import UnsupportedError
    from recado_cli.drain.moving import STEP, Moving, check
    from recado_cli.progress import Progress
    from recado_cli.session import connected
    from recado_cli.taking import Taking

    async with connected(settings) as transport:
        await check(transport, source, destination)
        with Progress(f"{source} to {destination}") as progress:
            moving = Moving(source, destination, moved.destinations, progress)
            taking = Taking(
                transport, source, moving.move, limits, may_stay=destination == STEP
            )
            moved.staying = taking.staying
            await taking.run()
        with suppress(UnsupportedError):  # it holds more than can be counted
            moved.left = await transport.depth(source)


async def _looked(
    settings: Settings, source: str, destination: str, limits: Limits, moved: Moved
) -> None:
    from recado_cli.drain.moving import check, look
    from recado_cli.session import connected

    async with connected(settings) as transport:
        await check(transport, source, destination)
        moved.destinations, moved.staying = await look(
            transport, source, destination, limits.most
        )


def _tell(moved: Moved, source: str, *, as_json: bool, is_dry: bool) -> None:
    rows = sorted(moved.destinations.items())
    if as_json:
        print_json(_document(moved, source, is_dry=is_dry))
    elif rows:
        print_table(["queue", "messages"], rows)
    for id_, why in moved.staying.items():
        talk(clean(f"message {id_} stays: {why}"))
    for text in _left(moved.left):
        talk(text)
    done = "would be moved" if is_dry else "moved"
    talk(clean(f"{count(moved.total, 'message')} {done} from {source}"))


def _left(depth: Depth | None) -> Iterator[str]:
    if depth is not None and depth.delayed:
        yield f"{count(depth.delayed, 'message')} left for a later time"
    if depth is not None and depth.held:
        yield f"{count(depth.held, 'message')} left in others' hands"


def _document(moved: Moved, source: str, *, is_dry: bool) -> dict[str, Any]:
    return {
        "source": source,
        "moved": 0 if is_dry else moved.total,
        "destinations": dict(moved.destinations),
        "staying": [{"message": id_, "why": why} for id_, why in moved.staying.items()],
    }
