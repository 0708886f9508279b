"""The demo's course: start the suite, run the study, look at what came of it, drain."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TextIO

from recado.clients.dispatch import submit
from recado.clients.eventlog import EventLog
from recado.clients.letters import Letters
from recado.config import Settings
from recado.events import run_stream
from recado.recipe import RecipeFolder
from recado.schemas.events import RunReply
from recado.schemas.letters import LetterFilter, LetterLine
from recado.transport import Transport
from recado_cli.common import Common
from recado_cli.failing import FailedError
from recado_cli.go.submitting import Ask
from recado_cli.go.watching import looks
from recado_cli.lines import Merged
from recado_cli.progress import Progress
from recado_cli.session import asking, connected
from recado_cli.supervisor import Supervisor
from recado_cli.up import look_at_broker, make_supervisor
from recado_experiment import parse_ranges

SERVICES: Final[tuple[str, ...]] = (
    "dispatcher",
    "expander",
    "eventstore",
    "registry",
    "deadletter",
    "rehearsal",
)
RECIPE: Final = "study"


@dataclass(frozen=True, slots=True)
class Expected:
    """What has to happen, as the recipe says."""

    participants: int
    absent: tuple[int, ...]

    @classmethod
    def of(cls, folder: RecipeFolder) -> Expected:
        """Return what the recipe says: for whom it is, and who is away."""
        raw: Any = folder.load(RECIPE).raw
        participants = parse_ranges(str(raw["1"]["parameters"]["participants"]))
        absent = raw["2"]["parameters"]["absent"]
        return cls(len(participants), tuple(absent))

    def problems(self, run: RunReply, letters: list[LetterLine]) -> list[str]:
        """Return in what a run differs from what has to happen."""
        wanted = {
            "state": "incomplete" if self.absent else "done",
            "sent": 1 + self.participants,
            "handled": 1 + self.participants - len(self.absent),
            "dead": len(self.absent),
            "failed": 0,
        }
        found = [
            f"{key} is {getattr(run, key)!r}, not {value!r}"
            for key, value in wanted.items()
            if getattr(run, key) != value
        ]
        texts = {f"participant {number} did not turn up" for number in self.absent}
        if {letter.text for letter in letters} != texts:
            found.append(f"the dead letters are {[it.text for it in letters]}")
        return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened, how long it took, and what of it was not expected."""

    run: str
    participants: int
    rehearsed: int
    events: int
    dead_letters: list[dict[str, Any]]
    ready_s: float
    run_s: float
    per_participant_ms: float
    exit_code: int
    problems: list[str]

    def lines(self) -> list[str]:
        """Return what happened, for people."""
        letters = [
            f"dead letter   {it['id']}: {it['text']} ({it['reason']}, step {it['step']})"
            for it in self.dead_letters
        ]
        return [
            f"run           {self.run}",
            f"participants  {self.participants} expanded, {self.rehearsed} rehearsed",
            f"events        {self.events} recorded in the run's stream",
            *letters,
            f"timings       ready after {self.ready_s:.2f} s, run {self.run_s:.2f} s, "
            f"{self.per_participant_ms:.1f} ms for each participant",
            f"drained       exit code {self.exit_code}",
        ]


@dataclass(frozen=True, slots=True)
class _Seen:
    run: RunReply
    letters: list[LetterLine]
    events: int
    run_s: float


async def rehearse(
    common: Common, settings: Settings, log: TextIO, timeout_s: float
) -> Outcome:
    """Run the demo's study from the start of the services to their end.

    Raises:
        FailedError: if the services do not start, or the run does not end, in time.
    """
    expected = Expected.of(RecipeFolder(settings.recipes))
    await look_at_broker(settings)
    counts: dict[str, int] = dict.fromkeys(SERVICES, 1)
    write = Merged(log, "console", width=12, has_colours=False).write
    supervisor = make_supervisor(common, settings, counts, write)
    began = time.monotonic()
    try:
        async with asyncio.timeout(timeout_s), _running(supervisor) as life:
            await _ready(supervisor, life)
            ready_s = time.monotonic() - began
            seen = await _study(settings, expected)
    except TimeoutError:
        raise FailedError(
            f"the demo is not done after {timeout_s:g} s; {log.name} tells why"
        ) from None
    return _outcome(expected, seen, ready_s, life.result())


@asynccontextmanager
async def _running(supervisor: Supervisor) -> AsyncGenerator[asyncio.Task[int]]:
    life = asyncio.create_task(supervisor.run())
    try:
        yield life
    finally:
        supervisor.stop()
        await asyncio.shield(life)


async def _ready(supervisor: Supervisor, life: asyncio.Task[int]) -> None:
    ready = asyncio.create_task(supervisor.is_ready.wait())
    try:
        with Progress("starting"):
            await asyncio.wait({ready, life}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ready.cancel()
    if life.done():
        raise FailedError("the services did not start")


async def _study(settings: Settings, expected: Expected) -> _Seen:
    async with connected(settings) as transport:
        ask = Ask.made([RECIPE], None, {}, settings).checked()
        began = time.monotonic()
        with asking("dispatcher", settings):
            await submit(transport, ask.message)
        with asking("event store", settings):
            run = await _finished(transport, ask.run, expected)
        run_s = time.monotonic() - began
        with asking("dead-letter", settings):
            page = await Letters(transport).list(LetterFilter(run=ask.run))
        stream = await EventLog(transport).read(run_stream(ask.run), limit=1)
        return _Seen(run, page.letters, stream.version, run_s)


async def _finished(transport: Transport, run: str, expected: Expected) -> RunReply:
    with Progress("study") as progress:
        async for look in looks(EventLog(transport), run):
            if look.run is not None:
                settled = look.run.handled + look.run.dead
                progress.show(settled, 1 + expected.participants)
                if look.is_finished:
                    return look.run
    raise AssertionError("a run is watched until it ends")


def _outcome(expected: Expected, seen: _Seen, ready_s: float, code: int) -> Outcome:
    problems = expected.problems(seen.run, seen.letters)
    if code:
        problems.append(f"the services ended with exit code {code}")
    rehearsed = sum(it.handled for it in seen.run.steps if it.service == "rehearsal")
    return Outcome(
        run=seen.run.run,
        participants=expected.participants,
        rehearsed=rehearsed,
        events=seen.events,
        dead_letters=[
            {"id": it.id, "text": it.text, "reason": it.reason, "step": it.step}
            for it in seen.letters
        ],
        ready_s=round(ready_s, 3),
        run_s=round(seen.run_s, 3),
        per_participant_ms=round(1000 * seen.run_s / expected.participants, 2),
        exit_code=code,
        problems=problems,
    )
