"""Queues that a recipe sends to and nobody has declared."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from recado.errors import RefusedError
from recado.recipe import Recipe
from recado.transport import Transport, make_transport
from recado.transport.base import Topology
from recado_cli.go.reach import destinations, divided, unreachable

RECIPE: dict[str, Any] = {
    "1": {"queue": "resize", "output": [2, 3]},
    "2": {"queue": "stor", "output": 4},
    "3": {"queue": "out", "exchange": "results"},
    "4": {"topic": "done", "queue": "resize"},
    "start": [[1, {}]],
}


@pytest.fixture
async def transport() -> AsyncGenerator[Transport]:
    it = make_transport("sqlite:///:memory:")
    await it.open()
    yield it
    await it.close()


def test_destinations_are_queues_with_their_steps_unless_an_exchange_decides() -> None:
    assert destinations(Recipe.read(RECIPE)) == {"resize": [1, 4], "stor": [2]}


async def test_nothing_is_wrong_if_all_are_declared(transport: Transport) -> None:
    await transport.declare(["resize", "stor"])

    assert await unreachable(transport, Recipe.read(RECIPE)) == {}


async def test_a_queue_that_is_missing_is_told_with_the_nearest(
    transport: Transport,
) -> None:
    await transport.declare(["store", "resize"])

    wrong = await unreachable(transport, Recipe.read(RECIPE))

    assert list(wrong) == [2]
    assert wrong[2].startswith(
        "sends to queue 'stor', which nobody has declared; did you mean 'store'?"
    )


async def test_a_name_that_the_broker_refuses_is_that_of_a_missing_queue(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    await transport.declare(["resize"])
    declare = transport.declare

    async def refuse(queues: Sequence[str], mode: Topology = "declare") -> None:
        if "stor" in queues:
            raise RefusedError("'stor' is no name here")
        await declare(queues, mode)

    monkeypatch.setattr(transport, "declare", refuse)

    assert list(await unreachable(transport, Recipe.read(RECIPE))) == [2]


async def test_only_where_a_run_starts_it_is_an_error(transport: Transport) -> None:
    recipe = Recipe.read(RECIPE)

    errors, warnings = divided(recipe, await unreachable(transport, recipe))

    assert [it.path for it in errors] == ["step 1"]
    assert [it.path for it in warnings] == ["step 2", "step 4"]
