"""Recado's services as steps of recipes that Zocalo's own dispatcher starts."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from tests.integration.zocalo.command import recado
from tests.integration.zocalo.neighbour import Zocalo, handled
from tests.system.conducting import Conductor, recorded
from tests.system.fleet import Fleet

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def ours() -> tuple[str, ...]:
    """No dispatcher: Zocalo's does its work."""
    return ("eventstore", "deadletter", "shout")


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def dispatcher(
    zocalo: Zocalo, ships: Fleet, conductor: Conductor
) -> AsyncGenerator[None]:
    """Zocalo's dispatcher, instead of recado's."""
    await conductor.transport.declare(["processing_recipe"])
    async with zocalo.serving("Dispatcher"):
        yield


async def test_a_run_of_theirs_is_recorded(
    zocalo: Zocalo, ships: Fleet, conductor: Conductor
) -> None:
    zocalo.add_recipe(
        "twice",
        {
            "1": {"queue": "shout", "output": 2},
            "2": {"queue": "shout"},
            "start": [[1, {"text": "{text}"}]],
        },
    )

    ran = await zocalo.go("-n", "-r", "twice", "-s", "text=Ho", guid="theirs")
    run = await handled(conductor, "theirs", 2)

    assert ran.code == 0, ran.text
    assert (run.state, run.sent, run.dead) == ("done", 2, 0)
    assert (run.started_at, run.recipes, run.parameters) == (None, [], {})
    assert {step.step: step.handled for step in run.steps} == {1: 1, 2: 1}
    assert {each["attempt"] for each in recorded(ships.state, "message.handled")} == {1}
    shown = (await recado(zocalo, ships, "run", "show", "theirs")).stdout.splitlines()
    facts = dict(line.split(maxsplit=1) for line in shown if line.count("  "))
    assert (facts["state"], facts["recipes"], facts["started"]) == ("done", "-", "-")


async def test_what_fails_in_a_run_of_theirs_is_a_dead_letter_of_ours(
    zocalo: Zocalo, conductor: Conductor
) -> None:
    zocalo.add_recipe("wrong", {"1": {"queue": "shout"}, "start": [[1, {"number": 1}]]})

    await zocalo.go("-n", "-r", "wrong", guid="wrong")
    run = await conductor.finished("wrong", 20)

    assert (run.state, run.sent, run.dead) == ("incomplete", 1, 1)
    (letter,) = (await conductor.letters.list()).letters
    assert (letter.queue, letter.reason, letter.run) == ("shout", "schema", "wrong")
