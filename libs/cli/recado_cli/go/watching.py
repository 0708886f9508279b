"""Watching a run: told by the event store, from its submission to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import click

from recado.clients.eventlog import EventLog
from recado.clients.letters import Letters
from recado.errors import (
    NotFoundError,
    RequestTimeoutError,
    UnroutableError,
)
from recado.events import (
    RUN_FINISHED,
    RUN_REFUSED,
    RUN_REPEATED,
    RUN_STARTED,
    run_stream,
)
from recado.schemas.dispatch import DISPATCHER_QUEUE
from recado.schemas.events import RunReply, StoredEvent
from recado.schemas.letters import LetterFilter
from recado.transport import Transport
from recado_cli.failing import FailedError
from recado_cli.go.submitting import Ask
from recado_cli.output import count, print_json, print_line, talk
from recado_cli.progress import Progress
from recado_cli.session import asking
from recado_cli.telling import event_text

T = TypeVar("T")

PATIENCE_S: Final = 3.0
"""How long a run may take to begin before something is said of it."""
PACE_S: Final = 0.05
"""Between two looks at a run that is busy: each look tells of all that came meanwhile."""
PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What to do once a run is submitted."""

    is_waiting: bool = False
    is_following: bool = False
    timeout_s: float | None = None
    as_json: bool = False
    is_stored: bool | None = None
    """Whether the request is stored instead: always, never, or while the broker is away."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a run brought: what happened since the last, and how it stands."""

    events: Sequence[StoredEvent]
    run: RunReply | None

    @property
    def is_finished(self) -> bool:
        """Whether the run's end is among what happened."""
        return any(event.type == RUN_FINISHED for event in self.events)


async def wait_for_end(
    transport: Transport, ask: Ask, wish: Wish, position: int
) -> None:
    """Wait for a run's end; events behind a position tell of it.

    Raises:
        FailedError: if it was not finished in time, or not without dead letters.
    """
    begun = asyncio.Event()
    try:
        async with asyncio.timeout(wish.timeout_s):
            with asking("event store", ask.settings):
                run = await _watched(transport, ask, wish, position, begun)
    except TimeoutError:
        raise FailedError(_late(ask, wish, has_begun=begun.is_set())) from None
    except asyncio.CancelledError:
        goes_on = (
            "goes on" if begun.is_set() else "is submitted, and begins without you"
        )
        talk(f"run {ask.run} {goes_on}; 'recado run show {ask.run}' tells how")
        raise
    if wish.as_json and not wish.is_following:
        print_json(run)
    judge(run)


def _late(ask: Ask, wish: Wish, *, has_begun: bool) -> str:
    if has_begun:
        return (
            f"run {ask.run} is not finished after {wish.timeout_s:g} s; it goes on: "
            f"'recado run show {ask.run}' tells how"
        )
    return (
        f"run {ask.run} has not begun after {wish.timeout_s:g} s; 'recado status' tells "
        f"who is away, 'recado dlq ls --queue {DISPATCHER_QUEUE}' what was refused"
    )


def judge(run: RunReply) -> None:
    """Say that a run is done.

    Raises:
        FailedError: if some of its messages became dead letters.
    """
    if run.dead:
        raise FailedError(
            f"run {run.run} is incomplete: {count(run.dead, 'dead letter')} of "
            f"{count(run.sent, 'message')}; 'recado dlq ls --run {run.run}' lists them"
        )
    talk(f"run {run.run} is done: {count(run.handled, 'message')} handled")


async def _watched(
    transport: Transport,
    ask: Ask,
    wish: Wish,
    position: int,
    begun: asyncio.Event,
) -> RunReply:
    log = EventLog(transport)
    # With a key the run may be an earlier request's, and have ended long ago.
    is_answered = not ask.has_key
    is_finished = False
    with Progress(f"run {ask.run[:8]}", is_shown=not wish.is_following) as progress:
        async for look in looks(log, ask.run, position):
            if wish.is_following:
                _print_events(look.events, wish)
            if look.run is None:
                await _check_not_refused(transport, ask, progress)
                continue
            is_finished = is_finished or look.is_finished
            is_answered = is_answered or has_answer(look.events, ask)
            if not is_answered:
                continue
            if look.run.state == "refused":
                raise FailedError(_refusal(ask, look.run.text))
            if look.run.state == "waiting":
                progress.note(f"the run waits: {look.run.text}")
                continue
            begun.set()
            progress.show(look.run.handled + look.run.dead, look.run.sent)
            if is_finished:
                return look.run
    raise AssertionError("a run is watched until it ends")


def has_answer(events: Iterable[StoredEvent], ask: Ask) -> bool:
    """Return whether events tell that a request started its run, or had no need to.

    Raises:
        FailedError: if they tell that it was refused.
    """
    own = [each for each in events if each.data.get("request") == ask.message.id]
    for event in own:
        if event.type in {RUN_REFUSED, RUN_REPEATED} and "text" in event.data:
            raise FailedError(_refusal(ask, str(event.data["text"])))
    return any(event.type in {RUN_STARTED, RUN_REPEATED} for event in own)


async def looks(
    log: EventLog, run: str, position: int = 0, *, patience_s: float = PATIENCE_S
) -> AsyncGenerator[Look]:
    """Yield a look at a run whenever something has happened, and one if nothing begins."""
    stream = run_stream(run)
    has_begun = False
    while True:
        page = await _answer(partial(log.read_all, position, limit=PAGE, prefix=stream))
        events = [event for event in page.events if event.stream == stream]
        has_begun = has_begun or bool(events)
        if events:
            yield Look(events, await _shown(log, run))
        position = page.position
        if position < page.head:
            continue
        if await _nothing_new(log, position, patience_s) and not has_begun:
            yield Look((), None)
        elif events:
            await asyncio.sleep(PACE_S)


async def _nothing_new(log: EventLog, position: int, patience_s: float) -> bool:
    """Wait for the event store to tell of something new; return whether it did not."""
    try:
        return await log.wait(position, patience_s) <= position
    except RequestTimeoutError:
        # It may be starting anew; what matters is what it says then.
        return True


async def _shown(log: EventLog, run: str) -> RunReply | None:
    try:
        return await _answer(partial(log.run, run))
    except NotFoundError:
        return None


async def _answer(ask: Callable[[], Awaitable[T]]) -> T:
    """Return the event store's answer, however long it is away: the run goes on."""
    is_told = False
    while True:
        try:
            return await ask()
        except RequestTimeoutError:
            if not is_told:
                talk("the event store does not answer; 'recado status' tells who does")
            is_told = True


async def _check_not_refused(
    transport: Transport, ask: Ask, progress: Progress
) -> None:
    """Look for the request among the dead letters, since a run that is refused never is.

    Raises:
        FailedError: with the reason, if the dispatcher gave it up.
    """
    where = LetterFilter(queue=DISPATCHER_QUEUE)
    try:
        page = await Letters(transport).list(where, limit=100)
    except (RequestTimeoutError, UnroutableError):
        page = None
    for letter in page.letters if page else ():
        if letter.message == ask.message.id:
            raise FailedError(_refusal(ask, letter.text))
    progress.note("the run has not begun; is a dispatcher running? ('recado status')")


def _refusal(ask: Ask, text: str) -> str:
    return f"the dispatcher refused run {ask.run}: {text}"


def _print_events(events: Sequence[StoredEvent], wish: Wish) -> None:
    for event in events:
        if wish.as_json:
            print_line(event)
        else:
            click.echo(event_text(event))
