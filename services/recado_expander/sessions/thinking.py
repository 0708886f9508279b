"""What a round comes to: answers, and a plan. It blocks, so it runs in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recado.ids import as_id, derived_id
from recado.studies import Source
from recado_expander.sessions.commands import Configure
from recado_expander.sessions.errors import UnknownExperimentError
from recado_expander.sessions.events import stream_of
from recado_expander.sessions.planning import Outcome, Plan, Wish
from recado_expander.sessions.questions import Question, View
from recado_expander.sessions.record import Record
from recado_expander.sessions.watch import Watch
from recado_expander.studies import problems_of
from recado_experiment import StudyError


@dataclass(frozen=True, slots=True)
class Thought:
    """What a round comes to, if the plan's events can be appended."""

    plan: Plan
    is_configured: bool
    """Whether the study's file has changed: the answers then hold with the plan only."""
    answers: Sequence[Outcome]
    outcomes: Sequence[Outcome]


def think(
    record: Record,
    watch: Watch,
    now: float,
    questions: Sequence[Question[Any]],
    wishes: Sequence[Wish],
) -> Thought:
    """Look at the study's file, answer the questions, then grant the wishes in turn.

    The record stays as it is.
    """
    plan = Plan(record.experiment, record.begun(), now)
    if record.opened_at is not None:
        _follow(plan, record, watch)
    is_configured = bool(plan.events)
    answers = [_answer(each, plan, record, watch) for each in questions]
    return Thought(plan, is_configured, answers, plan.grant(wishes))


def _follow(plan: Plan, record: Record, watch: Watch) -> None:
    """Have the session go by its study's file, if that can be used."""
    source = watch.look(plan.session.name, plan.session.sha256)
    if source is None:
        return
    try:
        plan.add(Wish(Configure(record.experiment, source), _cause(record, source)))
    except StudyError as error:
        watch.refuse(source, problems_of(error))


def _cause(record: Record, source: Source) -> str:
    """Return what stands for a request here: the same for all who notice the change."""
    parent = as_id(stream_of(record.experiment))
    return derived_id(parent, f"{record.version}/{source.sha256}")


def _answer(
    question: Question[Any], plan: Plan, record: Record, watch: Watch
) -> Outcome:
    if record.opened_at is None:
        return Outcome(error=UnknownExperimentError(record.experiment))
    version = record.version + len(plan.events)
    try:
        view = View(plan.session, version, record.opened_at, watch.refused)
        return Outcome(question(view))
    # Whatever is wrong with one of them, the others are answered.
    except Exception as error:
        return Outcome(error=error)
