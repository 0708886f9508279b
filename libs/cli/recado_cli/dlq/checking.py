"""``recado dlq check``: whether there are dead letters anywhere, for monitoring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import click

from recado_cli.common import Command, Common, option, pass_common, setting_option
from recado_cli.output import clean, count, print_json, talk

if TYPE_CHECKING:
    from recado.config import Settings
    from recado.transport import Transport


NONE: Final = 0
SOME: Final = 1
UNKNOWN: Final = 2


@dataclass(slots=True)
class Count:
    """How many dead letters there are, and what could not be found out."""

    letters: dict[str, int] = field(default_factory=dict[str, int])
    """Those that the dead-letter service keeps, by the queue that they died on."""
    queues: dict[str, int] = field(default_factory=dict[str, int])
    """Those that lie in queues of the broker."""
    uncounted: list[str] = field(default_factory=list[str])
    """Why others could not be counted: there are too many."""
    unknown: list[str] = field(default_factory=list[str])
    """Why it is not known whether there are others."""
    remark: str = ""

    @property
    def total(self) -> int:
        """How many there are in all, as far as that is known."""
        return sum(self.letters.values()) + sum(self.queues.values())

    @property
    def exit_code(self) -> int:
        """What the command ends with."""
        if self.total or self.uncounted:
            return SOME
        return UNKNOWN if self.unknown else NONE


@click.command(cls=Command)
@click.argument("queues", metavar="[QUEUE...]", nargs=-1)
@option("-n", "--namespace", help="RabbitMQ's virtual host, or ActiveMQ's namespace.")
@setting_option("--management", "RabbitMQ's management interface, as a URL.")
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def check(
    common: Common, queues: tuple[str, ...], namespace: str | None, as_json: bool
) -> None:
    """Tell whether there are dead letters, and where.

    The exit code is 0 if there are none, 1 if there are, and 2 if that cannot be told.
    QUEUE is where messages of Zocalo's services died, or where they lie; without any
    all such queues that can be found are looked at. The counts are exact.
    """
    from recado.errors import RecadoError
    from recado_cli.failing import tell
    from recado_cli.session import wait_for

    found = Count()
    try:
        wait_for(_count(common.settings(), namespace, queues, found))
    except (RecadoError, OSError) as error:
        if common.is_verbose:
            tell(error, is_verbose=True)
        found.unknown.append(str(error))
    _print(found, as_json=as_json)
    raise click.exceptions.Exit(found.exit_code)


async def _count(
    settings: Settings, namespace: str | None, names: Sequence[str], found: Count
) -> None:
    from recado.errors import UnsupportedError
    from recado.transport import DEAD_LETTERS
    from recado_cli.dlq.places import in_namespace, places
    from recado_cli.session import connected

    settings = in_namespace(settings, namespace)
    async with connected(settings) as transport:
        # What the service takes meanwhile is seen twice rather than not at all.
        await _count_queue(transport, DEAD_LETTERS, found)
        await _count_letters(transport, found)
        try:
            there = await places(transport, settings, names)
        except UnsupportedError as error:
            found.uncounted.append(str(error))
            return
        found.remark = there.remark
        for name in there.queues:
            await _count_queue(transport, name, found)


async def _count_queue(transport: Transport, name: str, found: Count) -> None:
    from recado.errors import UnroutableError, UnsupportedError

    try:
        found.queues[name] = (await transport.depth(name)).total
    except UnroutableError:
        return  # nobody has put anything there
    except UnsupportedError as error:
        found.uncounted.append(str(error))


async def _count_letters(transport: Transport, found: Count) -> None:
    from recado.clients.letters import Letters
    from recado.errors import RemoteError, RequestTimeoutError, UnroutableError
    from recado_cli.overview import TIMEOUT_S

    try:
        page = await Letters(transport, timeout_s=TIMEOUT_S).list(limit=1)
    except UnroutableError:
        return  # the service never ran here, so it keeps nothing
    except RequestTimeoutError:
        found.unknown.append("the dead-letter service does not answer")
    except RemoteError as error:
        found.unknown.append(str(error))
    else:
        found.letters = page.queues


def _print(found: Count, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "total": found.total,
                "letters": found.letters,
                "queues": found.queues,
                "uncounted": found.uncounted,
                "unknown": found.unknown,
            }
        )
    else:
        for queue, number in sorted(found.letters.items()):
            click.echo(clean(f"{count(number, 'dead letter')} of {queue or '-'}"))
        for queue, number in sorted(found.queues.items()):
            if number:
                click.echo(clean(f"{count(number, 'message')} in {queue}"))
    if found.remark:
        talk(found.remark)
    for reason in found.uncounted:
        talk(clean(f"not counted: {reason}"))
    for reason in found.unknown:
        talk(clean(f"not known: {reason}"))
    if found.total:
        talk(f"{count(found.total, 'dead letter')} in all")
    elif found.exit_code == NONE:
        talk("no dead letters")
