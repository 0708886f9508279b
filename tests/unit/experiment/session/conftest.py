"""Sessions for tests, and decisions that are carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from recado_experiment.session import Fact, Session, open_session
from tests.unit.experiment.lengths import study_of

Do = Callable[..., list[Fact]]


@pytest.fixture
def session() -> Session:
    """A session of participant 1, who has three blocks."""
    return Session.replay(open_session("study.toml", study_of(3)))


@pytest.fixture
def do(session: Session) -> Do:
    """Carry out what was decided, at some time, and return it."""

    def carry_out(facts: Iterable[Fact], at: float = 0.0) -> list[Fact]:
        told = [replace(fact, at=at) for fact in facts]
        for fact in told:
            session.apply(fact)
        return told

    return carry_out
