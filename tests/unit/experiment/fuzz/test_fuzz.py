"""Whatever text there is, a study is read and expanded, or refused with ``StudyError``.

Nothing else is raised, and each text takes at most 10 s of processor time and 256 MiB of
memory. With ``RECADO_FUZZ=long`` (``make fuzz``) there are a hundred times as many, other
ones each time.
"""

from __future__ import annotations

import json
from random import Random
from typing import Final

from hypothesis import event, given
from hypothesis import strategies as st

from recado_experiment import Study, StudyError
from tests.integration.experiment_server.studies import studies
from tests.integration.experiment_server.writing import written
from tests.unit.experiment.fuzz.bounds import bounded
from tests.unit.experiment.fuzz.effort import patient, tried
from tests.unit.experiment.fuzz.mutations import OWN, TEXTS, mutated

SEED: Final = st.integers(0, 2**32)


@st.composite
def tampered(draw: st.DrawFn) -> str:
    """A study that was whole, or nearly so."""
    return mutated(draw(st.sampled_from(TEXTS)), Random(draw(SEED)))


@st.composite
def made_and_tampered(draw: st.DrawFn) -> str:
    """A study of whatever there may be in one."""
    return mutated(written(draw(studies()), draw(SEED)), Random(draw(SEED)))


@st.composite
def bytes_in_between(draw: st.DrawFn) -> bytes:
    """A study with some bytes in it that may not even be UTF-8."""
    text = draw(st.sampled_from(TEXTS)).encode()
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(st.binary(max_size=4)) + text[at:]


def assert_told(error: StudyError) -> None:
    assert error.problems
    assert all(problem.text for problem in error.problems)


def outcome(text: str | bytes) -> str:
    """Read and expand a text; return what became of it, and nothing else is raised."""
    try:
        study = Study.read(text)
    except StudyError as error:
        assert_told(error)
        return "no TOML" if "not TOML" in str(error) else "refused"
    try:
        for participant in (1, 2, 3, 24, 10**9):
            json.dumps(study.expand(participant))
            study.names(participant)
    except StudyError as error:
        assert_told(error)
        return "refused for a participant"
    assert study.period >= 1
    return "expanded"


def check(text: str | bytes) -> None:
    with bounded(cpu_s=10.0, memory=256 * 2**20):
        became = outcome(text)

    event(became)


@patient
@tried(600, 60_000)
@given(text=tampered())
def test_a_study_that_was_tampered_with_is_expanded_or_refused(text: str) -> None:
    check(text)


@patient
@tried(100, 10_000)
@given(text=made_and_tampered())
def test_a_made_study_that_was_tampered_with_is_expanded_or_refused(text: str) -> None:
    check(text)


@patient
@tried(300, 30_000)
@given(text=st.one_of(bytes_in_between(), st.text(), st.binary()))
def test_anything_at_all_is_expanded_or_refused(text: str | bytes) -> None:
    check(text)


def test_the_study_that_is_tampered_with_can_be_expanded() -> None:
    assert outcome(OWN) == "expanded"
