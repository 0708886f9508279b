"""``recado status``: the queues, the services, the runs and the dead letters at a glance."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from recado_cli.common import Command, Common, option, pass_common
from recado_cli.output import print_facts, print_json, print_table, talk
from recado_cli.overview import TIMEOUT_S, consumed, run_counts

if TYPE_CHECKING:
    from recado.config import Settings
    from recado.transport import Transport

T = TypeVar("T")


@click.command(cls=Command)
@option("-w", "--watch", is_flag=True, help="Go on, and show what changes; q quits.")
@option("--json", "as_json", is_flag=True, help="Print JSON; a line for each change.")
@pass_common
def status(common: Common, watch: bool, as_json: bool) -> None:
    """Show queues, services, runs and dead letters.

    What is not there to be asked is named, and the rest is shown; the exit code is 1 then.
    """
    settings = common.settings()
    if watch:
        _watch(settings, as_json)
        return
    found, away = asyncio.run(_asked(settings))
    if as_json:
        print_json(found | {"away": away})
    else:
        _print(found)
    if away:
        from recado_cli.failing import AwayError

        raise AwayError(
            f"not answering: {', '.join(away)}; 'recado up' starts the suite"
        )


def _watch(settings: Settings, as_json: bool) -> None:
    from recado_cli.monitor.live import watch
    from recado_cli.session import wait_for

    wait_for(watch(settings, as_json=as_json))


async def _asked(settings: Settings) -> tuple[dict[str, Any], list[str]]:
    from recado.config import shown
    from recado_cli.session import connected

    async with connected(settings) as transport:
        asked = _questions(transport)
        answers = await asyncio.gather(*(_answer(each()) for each in asked.values()))
        found = dict(zip(asked, answers, strict=True))
        depths = await transport.depths(consumed(found["registry"]))
    head = {"broker": shown(settings.broker), "queues": _queues(depths)}
    away = [name for name, value in found.items() if value is None]
    return head | found, away


def _questions(transport: Transport) -> Mapping[str, Callable[[], Awaitable[Any]]]:
    from recado.clients.eventlog import EventLog
    from recado.clients.letters import Letters
    from recado.clients.lookup import Lookup

    log = EventLog(transport, timeout_s=TIMEOUT_S)
    return {
        "registry": Lookup(transport, TIMEOUT_S).services,
        "eventstore": lambda: run_counts(log.runs),
        "deadletter": lambda: Letters(transport, timeout_s=TIMEOUT_S).list(limit=1),
    }


async def _answer(question: Awaitable[T]) -> T | None:
    from recado.errors import RequestTimeoutError, UnroutableError

    try:
        return await question
    except (RequestTimeoutError, UnroutableError):
        return None


def _queues(depths: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"queue": name, "ready": it.ready, "delayed": it.delayed, "held": it.held}
        for name, it in sorted(depths.items())
    ]


def _print(found: Mapping[str, Any]) -> None:
    from recado_cli.names import print_instances, warn_of_start

    print_facts([("broker", found["broker"])])
    click.echo()
    heads = ["queue", "ready", "delayed", "held"]
    print_table(heads, [[row[head] for head in heads] for row in found["queues"]])
    if (services := found["registry"]) is not None:
        click.echo()
        print_instances(services.instances)
        warn_of_start(services.complete_in_s)
    if (runs := found["eventstore"]) is not None:
        click.echo()
        print_facts((f"runs {state}", number) for state, number in runs.items())
    if (letters := found["deadletter"]) is not None:
        click.echo()
        print_facts([("dead letters", letters.total)])
        print_facts(
            (f"  {reason}", number) for reason, number in letters.reasons.items()
        )
    if not found["queues"]:
        talk("no queue has been declared yet")
