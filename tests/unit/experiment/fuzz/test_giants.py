"""No study takes long, or much memory, however it multiplies what is in it.

Each has at most a million characters, and is read and expanded within 30 s of processor time
and 1 GiB of memory. That is far more than they take. Without ``RECADO_FUZZ=long`` (``make
fuzz``) every fifth of them is tried.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from recado_experiment import Study, StudyError
from tests.unit.experiment.fuzz.bounds import bounded
from tests.unit.experiment.fuzz.effort import IS_LONG
from tests.unit.experiment.fuzz.giants import EXPANDED, REFUSED

EACH = 1 if IS_LONG else 5


@pytest.mark.parametrize(
    ("text", "problem"), list(REFUSED.values())[::EACH], ids=list(REFUSED)[::EACH]
)
def test_what_would_grow_too_large_is_refused(
    text: Callable[[], str], problem: str
) -> None:
    written = text()

    with bounded(), pytest.raises(StudyError) as caught:
        Study.read(written)

    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "text", list(EXPANDED.values())[::EACH], ids=list(EXPANDED)[::EACH]
)
def test_what_stays_within_bounds_is_expanded(text: Callable[[], str]) -> None:
    written = text()

    with bounded():
        study = Study.read(written)
        for participant in (1, 10**9):
            assert json.dumps(study.expand(participant))
        assert study.names(2)
