"""What one participant gets at most is known before anything is drawn."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from recado_experiment import Stream, Study, StudyError
from recado_experiment.document.tables import Table, size
from recado_experiment.errors import DrawError
from recado_experiment.extent import MAX_MADE
from recado_experiment.plan import prepare
from tests.integration.experiment_server.studies import studies
from tests.integration.experiment_server.writing import written
from tests.unit.experiment.fuzz.mutations import OWN


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(study=studies(), style=st.integers(0, 2**16))
def test_no_block_is_larger_than_was_said(study: Table, style: int) -> None:
    try:
        plan = prepare(written(study, style), "study")
    except StudyError:
        assume(False)
    else:
        for template in plan.templates.values():
            try:
                block = template.filled(Stream(7), 1, 0)
            except DrawError:
                continue
            assert size(block) <= template.size


@pytest.mark.parametrize("participant", [1, 2, 3, 24])
def test_what_recado_draws_is_no_larger_than_was_said(participant: int) -> None:
    plan = prepare(OWN, "study")
    stream = Stream(participant, participant)

    for index, name in enumerate(plan.sequence.names(participant, stream)):
        template = plan.templates[name]
        assert size(template.filled(stream, participant, index)) <= template.size


def items(count: int) -> str:
    """Return a study of one block with two calls that draw so many items."""
    calls = "".join(
        f"{key} = {{ function_name = 'choices', args = {{ population = [1], k = {k} }} }}\n"
        for key, k in [("x", 1_000_000), ("y", count - 1_000_000)]
    )
    head = '[configuration]\norder = ["a"]\n[[blocks]]\nname = "a"\n[blocks.config]\n'
    return head + calls


def test_the_bound_is_exact() -> None:
    # Beside the items: two lists, the block with its name and config, what is filled in,
    # and as one more the letters of participant_index.
    rest = 2 + 3 + 3 + 1

    assert Study.read(items(MAX_MADE - rest)).names(1) == ["a"]
    with pytest.raises(StudyError) as caught:
        Study.read(items(MAX_MADE - rest + 1))

    assert str(caught.value) == (
        "study: line 2: configuration.order: gives a participant up to 2000001 values,"
        " drawn ones included; at most 2000000 are made"
    )
