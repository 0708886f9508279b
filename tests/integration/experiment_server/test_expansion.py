"""Expansion beside experiment-server's own: needs that package, in release 0.3.9.

Without it these tests are skipped, and fail where ``CI`` is set: there it has to be. With
``RECADO_FUZZ=long`` (``make fuzz``) there are 5,000 studies, other ones each time.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from recado_experiment import Study, StudyError, StudyProblem
from recado_experiment.document.tables import Table
from tests.integration.experiment_server.peer import Peer
from tests.integration.experiment_server.studies import studies
from tests.integration.experiment_server.writing import written
from tests.unit.experiment.fuzz.effort import patient, tried

PARTICIPANTS = range(1, 25)

REFUSED_HERE_ALONE = {
    "variables: has to be a table": "experiment-server looks once a variable is used",
    "which JSON has not": "a date in a population may never be drawn, and never be sent",
}
"""Problems of studies that all these participants are served with by experiment-server."""


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Peer:
    return Peer.installed(tmp_path_factory.mktemp("peer"))


def ours(text: str) -> tuple[list[str | None], tuple[StudyProblem, ...]]:
    """Return what this project makes of a study, and why it refuses all of it."""
    try:
        study = Study.read(text)
    except StudyError as error:
        problems = [it for it in error.problems if isinstance(it, StudyProblem)]
        return [None for _ in PARTICIPANTS], tuple(problems)
    found: list[str | None] = []
    for participant in PARTICIPANTS:
        try:
            found.append(json.dumps(study.expand(participant)))
        except StudyError:
            found.append(None)
    return found, ()


def is_known(problem: StudyProblem) -> bool:
    return any(text in str(problem) for text in REFUSED_HERE_ALONE)


@patient
@pytest.mark.filterwarnings("ignore:`.*is being deprecated:FutureWarning")
@tried(150, 5000)
@given(study=studies(), style=st.integers(0, 2**16))
def test_what_experiment_server_expands_is_expanded_alike(
    peer: Peer, study: Table, style: int
) -> None:
    text = written(study, style)

    expected, (found, problems) = peer.texts(text, PARTICIPANTS), ours(text)

    served = len(PARTICIPANTS) - expected.count(None)
    event("from the file" if peer.reads(text) else "from the tables")
    event(f"serves {'all' if None not in expected else 'some' if served else 'none'}")
    if problems:
        # What only some participants could be served with is refused from the start.
        assert None in expected or all(map(is_known, problems))
    else:
        assert found == expected
