"""Which instances a command on the topic ``command`` means, as Zocalo sends it."""

from __future__ import annotations

from typing import Any

import pytest

from recado import Service
from recado.message import encode
from recado.runtime.commands import is_shutdown

HERE = "uk.ac.x.ws1.4567"


class BeamFinder(Service):
    """A service whose own name is another than its class's."""

    name = "beamfinder"
    queue = "beams"


@pytest.mark.parametrize(
    ("names", "is_meant"),
    [
        ({"host": HERE}, True),
        ({"host": "ws1.4567"}, False),
        ({"host": "uk.ac.x.ws1.456"}, False),
        ({"host": None}, False),
        ({"host": f".{HERE}"}, True),
        ({"service": "BeamFinder"}, True),
        ({"service": "beamfinder"}, True),
        ({"service": "BEAMFINDER"}, True),
        ({"service": "Beam"}, False),
        ({"service": "BeamFinders"}, False),
        ({"service": None}, False),
        ({"service": ["BeamFinder"]}, False),
        ({"host": HERE, "service": "BeamFinder"}, True),
        ({"host": HERE, "service": "Other"}, False),
        ({"host": "elsewhere.1", "service": "BeamFinder"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_shutdown_is_for_whom_it_names_in_any_case_and_in_full(
    names: dict[str, Any], is_meant: bool
) -> None:
    body = encode({"command": "shutdown"} | names)

    assert is_shutdown(body, HERE, BeamFinder) is is_meant
