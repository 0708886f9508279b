"""A session beside a plain model of it, over commands that hypothesis makes up."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from recado_experiment.session import (
    Fact,
    Session,
    UnknownParticipantError,
    abandon,
    add,
    configure,
    move_all,
    move_next,
    move_to,
    next_participant,
    open_session,
)
from recado_experiment.session.place import BEFORE
from tests.unit.experiment.lengths import study_of

LENGTHS = st.lists(st.integers(0, 4), min_size=1, max_size=3).map(tuple)
NUMBERS = st.integers(1, 6)
POSITIONS = st.integers(-3, 6)


@dataclass
class Person:
    """A participant of the model: what they were told last."""

    position: int = BEFORE
    has_ended: bool = False
    is_abandoned: bool = False


@dataclass
class Model:
    """A session as one would keep it in one's head."""

    lengths: tuple[int, ...]
    people: dict[int, Person] = field(default_factory=dict[int, Person])

    def length(self, number: int) -> int:
        return self.lengths[(number - 1) % len(self.lengths)]

    def position(self, number: int) -> int:
        person, length = self.people[number], self.length(number)
        return length if person.has_ended else min(person.position, length)

    def put(self, number: int, position: int) -> None:
        person, length = self.people[number], self.length(number)
        person.has_ended = position >= length
        person.position = max(BEFORE, position)


class SessionMachine(RuleBasedStateMachine):
    """Does to a session and to a model what comes to mind, and compares them."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model((3,), {1: Person()})
        self.session = Session()
        self.log: list[Fact] = []
        self.time = 0.0
        self.take(open_session("study.toml", study_of(3)))

    def take(self, facts: list[Fact]) -> list[Fact]:
        """Append facts as an event store does: through JSON, with a time."""
        self.time += 1
        data = [cast("dict[str, int]", json.loads(json.dumps(f.data))) for f in facts]
        told = [
            replace(fact, data=each, at=self.time)
            for fact, each in zip(facts, data, strict=True)
        ]
        for fact in told:
            self.session.apply(fact)
        self.log += told
        return told

    def knows(self, number: int) -> bool:
        if number in self.model.people:
            return True
        for command in (move_next, abandon):
            with pytest.raises(UnknownParticipantError):
                command(self.session, number)
        return False

    @rule(number=NUMBERS)
    def adds(self, number: int) -> None:
        is_new = number not in self.model.people
        assert bool(self.take(add(self.session, number))) == is_new
        self.model.people.setdefault(number, Person())

    @rule()
    def adds_the_next(self) -> None:
        number = max(self.model.people) + 1
        told = self.take(next_participant(self.session, self.time))
        assert [fact.data for fact in told] == [{"participant": number}]
        self.model.people[number] = Person()

    @rule(number=NUMBERS)
    def moves_on(self, number: int) -> None:
        if self.knows(number):
            self.take(move_next(self.session, number))
            self.model.put(number, self.model.position(number) + 1)
            self.model.people[number].is_abandoned = False

    @rule(number=NUMBERS, position=POSITIONS)
    def moves(self, number: int, position: int) -> None:
        if self.knows(number):
            self.take(move_to(self.session, position, number))
            self.model.put(number, position)
            self.model.people[number].is_abandoned = False

    @rule(position=POSITIONS)
    def moves_all(self, position: int) -> None:
        self.take(move_all(self.session, position))
        for number in self.model.people:
            self.model.put(number, position)

    @rule(number=NUMBERS)
    def abandons(self, number: int) -> None:
        if self.knows(number):
            self.take(abandon(self.session, number))
            self.model.people[number].is_abandoned = True

    @rule(lengths=LENGTHS)
    def configures(self, lengths: tuple[int, ...]) -> None:
        self.take(configure(self.session, "study.toml", study_of(*lengths)))
        self.model.lengths = lengths

    @invariant()
    def stands_where_the_model_does(self) -> None:
        assert list(self.session.participants) == list(self.model.people)
        for number, person in self.model.people.items():
            place = self.session.place(number)
            length, position = self.model.length(number), self.model.position(number)
            assert (place.position, place.length) == (position, length)
            assert place.is_active == (0 <= position < length)
            assert place.is_abandoned == person.is_abandoned
            assert len(self.session.configs(number)) == length

    @invariant()
    def is_what_its_facts_replay_to(self) -> None:
        again = Session.replay(self.log)
        assert again.participants == self.session.participants
        assert (again.name, again.sha256) == (self.session.name, self.session.sha256)


TestSession = SessionMachine.TestCase
TestSession.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, derandomize=True
)
