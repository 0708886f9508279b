"""A run's account: when is everything that was sent also settled?

The facts may come in any order. A run is finished when as many messages were handled or
given up as were sent, and the XOR over the checksums of all of them, each once when sent
and once when settled, is zero: the acknowledgement scheme of Apache Storm. Until the start
is known its messages keep the XOR from being zero, unless others have started the run:
their messages count themselves, and nobody tells of a start.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from recado.events import RUN_FINISHED, Event, run_stream
from recado.ids import as_id, derived_id
from recado.schemas.events import RunState
from recado_eventstore.facts import Fact, Pending, Start, StepKey


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of a run; ``number`` counts the runs as they became known."""

    number: int
    run: str
    state: RunState = "running"
    sent: int = 0
    handled: int = 0
    failed: int = 0
    dead: int = 0
    checksum: int = 0
    finishes: int = 0
    started_at: float | None = None
    last_at: float = 0.0
    start: Start | None = None
    user: str | None = None
    pending: Pending | None = None

    @property
    def is_settled(self) -> bool:
        """Whether everything that was sent is also handled, or a dead letter."""
        return (
            self.sent == self.handled + self.dead
            and self.checksum == 0
            and (self.started_at is not None or self.sent > 0)
        )

    def after(self, facts: Sequence[Fact]) -> tuple[Account, Event | None]:
        """Return the account after more facts, and the event if they finish the run.

        A run that is finished finishes again when a dead letter was sent back and is
        settled anew, even if all of that is told at once.
        """
        account = self._counted(facts)
        if account.pending and account.started_at is None and not account.handled:
            return replace(account, state=account.pending.state), None
        if not any(fact.moves for fact in facts):
            return account, None
        if not account.is_settled:
            return replace(account, state="running"), None
        state: RunState = "incomplete" if account.dead else "done"
        account = replace(account, state=state, finishes=account.finishes + 1)
        return account, account._finished()

    def _counted(self, facts: Sequence[Fact]) -> Account:
        sent = handled = failed = dead = 0
        checksum, last_at = self.checksum, self.last_at
        for fact in facts:
            sent += fact.sent
            handled += fact.handled
            failed += fact.failed
            dead += fact.dead
            checksum ^= fact.checksum
            # Not max(): this runs for every message that was handled.
            if fact.at > last_at:
                last_at = fact.at
        started_at, start = self._first_start(facts)
        pending, user = self._pending(facts)
        return replace(
            self,
            sent=self.sent + sent,
            handled=self.handled + handled,
            failed=self.failed + failed,
            dead=self.dead + dead,
            checksum=checksum,
            last_at=last_at,
            started_at=started_at,
            start=start,
            user=user,
            pending=pending,
        )

    def _pending(self, facts: Sequence[Fact]) -> tuple[Pending | None, str | None]:
        pending, user = self.pending, self.user
        for fact in facts:
            if user is None and fact.user is not None:
                user = fact.user
            told = fact.pending
            if told and (pending is None or told.at >= pending.at):
                pending = told
        return pending, user

    def _first_start(self, facts: Sequence[Fact]) -> tuple[float | None, Start | None]:
        started_at, start = self.started_at, self.start
        for fact in facts:
            if fact.start and (started_at is None or fact.at < started_at):
                started_at, start = fact.at, fact.start
        return started_at, start

    def _finished(self) -> Event:
        since = self.started_at
        seconds = None if since is None else round(self.last_at - since, 6)
        return Event(
            derived_id(as_id(self.run), f"finished/{self.finishes}"),
            run_stream(self.run),
            RUN_FINISHED,
            {
                "state": self.state,
                "counts": {
                    "sent": self.sent,
                    "handled": self.handled,
                    "failed": self.failed,
                    "dead": self.dead,
                },
                "seconds": seconds,
            },
            self.last_at,
        )


@dataclass(slots=True)
class StepTally:
    """What facts add to the counts of one step."""

    first_at: float
    last_at: float
    sent: int = 0
    handled: int = 0
    failed: int = 0
    ms_sum: float = 0.0


def tally(facts: Iterable[Fact]) -> dict[StepKey, StepTally]:
    """Return what the facts of one run add to its steps.

    Dead letters are not counted here: a step has as many as it has in the run's list.
    """
    steps: dict[StepKey, StepTally] = {}
    for fact in facts:
        if fact.step is None:
            continue
        if (step := steps.get(fact.step)) is None:
            step = steps[fact.step] = StepTally(fact.at, fact.at)
        step.sent += fact.sent
        step.handled += fact.handled
        step.failed += fact.failed
        step.ms_sum += fact.ms
        if fact.at < step.first_at:
            step.first_at = fact.at
        elif fact.at > step.last_at:
            step.last_at = fact.at
    return steps
