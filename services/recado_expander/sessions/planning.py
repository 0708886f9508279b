"""What many commands make of a session, one after the other; decides, and does nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from recado.events import Event
from recado_expander.sessions.commands import Command, Open, is_open
from recado_expander.sessions.errors import UnknownExperimentError
from recado_expander.sessions.events import events_of, listing
from recado_experiment.session import Fact, Session
from recado_experiment.session.fact import OPENED


@dataclass(frozen=True, slots=True)
class Wish:
    """A command, and the id of the request that it came with."""

    command: Command[Any]
    cause: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a wish: its answer, or why it is refused."""

    answer: Any = None
    error: Exception | None = None


@dataclass(slots=True)
class Plan:
    """A session as wishes have made it, and the events that this takes."""

    experiment: str
    session: Session
    now: float
    events: list[Event] = field(default_factory=list[Event])
    """Those of the session's own stream."""
    listed: list[Event] = field(default_factory=list[Event])
    """Those of the index."""
    _done: dict[str, list[Fact]] = field(default_factory=dict[str, list[Fact]])

    def grant(self, wishes: Iterable[Wish]) -> list[Outcome]:
        """Return what becomes of wishes; those refused leave no trace."""
        return [self._outcome(wish) for wish in wishes]

    def add(self, wish: Wish) -> Sequence[Fact]:
        """Return the facts that a wish adds; a repeated one none, but those of before.

        Raises:
            RecadoError: why it is refused.
        """
        done = self._done.get(wish.cause)
        if done is not None:
            return done
        if not is_open(self.session) and not isinstance(wish.command, Open):
            raise UnknownExperimentError(self.experiment)
        decided = wish.command.decide(self.session, self.now)
        facts = [replace(fact, at=self.now) for fact in decided]
        for fact in facts:
            self.session.apply(fact)
            if fact.type == OPENED:
                self.listed.append(listing(wish.cause, self.experiment, self.now))
        self.events += events_of(wish.cause, self.experiment, facts)
        if facts:
            self._done[wish.cause] = facts
        return facts

    def _outcome(self, wish: Wish) -> Outcome:
        try:
            return Outcome(wish.command.reply(self.add(wish), self.session))
        # Whatever is wrong with one of them, the others go on.
        except Exception as error:
            return Outcome(error=error)
