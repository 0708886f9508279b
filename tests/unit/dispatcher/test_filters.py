"""Filters: what they are given, what they may change, and what becomes of their faults."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from recado.clients.dispatch import request_message, submit
from recado.envelope import Envelope
from recado.errors import DisconnectedError, NotFoundError, Problem, SchemaError
from recado.recipe import Recipe
from recado.retry import Reject, RetryLater
from recado.schemas.dispatch import DISPATCHER_QUEUE
from recado.starting import Request
from recado.testing import Harness
from recado_dispatcher.service import Dispatcher
from recado_dispatcher.standin import ZocaloRecipe
from tests.unit.dispatcher.conftest import (
    OUR_FILTERS,
    ZOCALO_FILTERS,
    Hasty,
    Installed,
)

EXTRA = {"start": [[1, "extra"]], "1": {"queue": "first", "from": "{beamline}"}}


async def started(h: Harness) -> list[Envelope]:
    await h.settle()
    return [Envelope.read(message) for message in h.messages("first")]


async def ask(h: Harness, **parameters: Any) -> None:
    await submit(h.transport, request_message(["named"], parameters=parameters))


async def test_filters_change_parameters_and_recipes_one_after_the_other(
    installed: Installed, at_work: Callable[..., Harness]
) -> None:
    def look_up(request: Request) -> Request:
        request.parameters["beamline"] = f"i{request.parameters['dcid']:02d}"
        return request

    async def add(request: Request) -> Request:
        request.custom_recipe = EXTRA | {"2": {"queue": "first"}, "error": [2]}
        request.parameters["seen"] = request.parameters["beamline"]
        return request

    installed.add(OUR_FILTERS, "b_look_up", look_up)
    installed.add(OUR_FILTERS, "c_add", add)
    async with at_work() as h:
        await ask(h, dcid=3, x="kept")
        extra, named = await started(h)

        assert extra.payload == "extra"
        assert extra.recipe["1"]["from"] == "i03"
        assert named.recipe["3"]["x"] == "kept"
        requested = next(x for x in h.events if x.type == "run.requested")
        first, second = requested.data["filters"]
        assert first == {
            "name": "b_look_up",
            "changed": {"parameters.beamline": "i03"},
            "removed": [],
        }
        assert set(second["changed"]) == {"custom_recipe", "parameters.seen"}
        assert requested.data["body"]["parameters"] == {"dcid": 3, "x": "kept"}


async def test_the_heartbeat_tells_which_filters_are_used(
    installed: Installed, at_work: Callable[..., Harness]
) -> None:
    installed.add(ZOCALO_FILTERS, "theirs", print)
    installed.add(OUR_FILTERS, "ours", print)
    async with at_work() as h:
        told = h.service.status()

    assert told == {"ready_checks": [], "filters": ["ours", "theirs"]}
    assert Dispatcher().status() == {"ready_checks": [], "filters": []}


async def test_a_filter_of_zocalos_merges_into_the_recipe_it_is_given(
    installed: Installed, at_work: Callable[..., Harness]
) -> None:
    given: list[Any] = []

    def site(message: Any, parameters: Any) -> tuple[Any, Any]:
        given.append((dict(message), dict(parameters)))
        parameters["beamline"] = "i03"
        message["recipe"] = message["recipe"].merge(EXTRA)
        assert message["recipe"][1]["queue"] == "first"
        assert message["recipe"]["start"] == [(1, "extra")]
        message["recipes"].clear()
        return message, parameters

    installed.add(ZOCALO_FILTERS, "site", site)
    async with at_work() as h:
        body = {"recipes": ["named"], "parameters": {"x": 1}, "pointer": "i03/7"}
        await h.publish(DISPATCHER_QUEUE, body)
        (envelope,) = await started(h)

        ((message, parameters),) = given
        assert message["pointer"] == "i03/7"
        assert message["recipe"] == {}
        assert parameters["guid"] == envelope.run
        assert (envelope.payload, envelope.recipe["1"]["from"]) == ("extra", "i03")


async def test_a_filter_may_bring_the_only_recipe(
    installed: Installed, at_work: Callable[..., Harness]
) -> None:
    def ours(request: Request) -> Request:
        request.recipe = Recipe.read(EXTRA)
        return request

    def theirs(message: Any, parameters: Any) -> tuple[Any, Any]:
        message["recipe"].apply_parameters({"beamline": "i04"})
        message["recipe"].validate()
        return message, parameters

    installed.add(OUR_FILTERS, "ours", ours)
    installed.add(ZOCALO_FILTERS, "theirs", theirs)
    async with at_work() as h:
        await h.publish(DISPATCHER_QUEUE, {})
        (envelope,) = await started(h)

        assert envelope.recipe["1"]["from"] == "i04"


def test_the_recipe_that_zocalos_filters_see_is_one_of_workflows() -> None:
    workflows = pytest.importorskip("workflows.recipe")
    theirs = workflows.Recipe(EXTRA)

    merged = ZocaloRecipe().merge(theirs).merge(theirs)

    assert theirs.merge(merged.recipe)["start"] == [
        (1, "extra"),
        (2, "extra"),
        (3, "extra"),
    ]
    # Its merge changes what it is given.
    assert merged == workflows.Recipe(EXTRA).merge(workflows.Recipe(EXTRA)).recipe
    assert workflows.Recipe(merged.serialize()) == workflows.Recipe(merged.pretty())


async def test_what_databases_give_becomes_json(
    installed: Installed, at_work: Callable[..., Harness]
) -> None:
    def look_up(request: Request) -> Request:
        request.parameters["x"] = [
            Decimal("1.5"),
            Decimal(3),
            date(2026, 1, 2),
            Path("/d"),
        ]
        return request

    installed.add(OUR_FILTERS, "look_up", look_up)
    async with at_work() as h:
        await ask(h)
        (envelope,) = await started(h)

        assert envelope.recipe["1"]["x"] == "[1.5, 3, '2026-01-02', '/d']"


async def test_whose_run_it_is_no_filter_changes(
    installed: Installed, at_work: Callable[..., Harness]
) -> None:
    def rename(request: Request) -> Request:
        return Request(
            "other", "other", request.recipes, None, {"guid": "x"}, request.said
        )

    installed.add(OUR_FILTERS, "rename", rename)
    async with at_work() as h:
        asked = request_message(["named"], parameters={"guid": "mine"})
        await submit(h.transport, asked)
        (envelope,) = await started(h)

        assert envelope.run == "mine"
        assert h.events[0].data["parameters"]["guid"] == "mine"


async def test_whose_request_it_is_no_filter_changes(
    installed: Installed, at_work: Callable[..., Harness]
) -> None:
    def pretend(request: Request) -> Request:
        request.said.user = "root"  # pyright: ignore[reportAttributeAccessIssue] # on purpose
        return request

    installed.add(OUR_FILTERS, "pretend", pretend)
    async with at_work() as h:
        await submit(h.transport, request_message(["named"], user="me"))
        await h.advance(100)

        (dead,) = h.dead
        assert "user\n  Instance is frozen" in dead.text
        assert h.events[-1].data["user"] == "me"


async def test_a_recipe_that_a_filter_was_given_is_checked_when_it_comes_back(
    installed: Installed, at_work: Callable[..., Harness]
) -> None:
    def bring(request: Request) -> Request:
        request.recipe = Recipe.read(EXTRA)
        return request

    def spoil(request: Request) -> Request:
        assert request.recipe is not None
        request.recipe.raw["1"] = {"queue": 7}
        return request

    installed.add(OUR_FILTERS, "a_bring", bring)
    installed.add(OUR_FILTERS, "b_spoil", spoil)
    async with at_work() as h:
        await ask(h, beamline="i03")
        await h.settle()

        (dead,) = h.dead
        assert dead.reason == "schema"
        assert "filter 'b_spoil': returned recipe" in dead.text


async def test_what_a_filter_was_given_is_a_copy(
    installed: Installed, at_work: Callable[..., Harness]
) -> None:
    def spoil(request: Request) -> Request:
        request.parameters["x"].append("spoilt")
        request.recipes.clear()
        raise OSError("database away")

    installed.add(OUR_FILTERS, "spoil", spoil)
    async with at_work() as h:
        await ask(h, x=[1])
        await h.advance(100)

        (dead,) = h.dead
        assert b'"x":[1]' in dead.message.body
        assert "filter 'spoil': OSError: database away" in dead.text


@pytest.mark.parametrize(
    ("error", "reason", "says"),
    [
        (Reject("not yours"), "rejected", "filter 'f': not yours"),
        (KeyError("dcid"), "rejected", "filter 'f': KeyError: 'dcid'"),
        (ValueError("no such beamline"), "rejected", "ValueError: no such beamline"),
        (TypeError("what"), "rejected", "filter 'f': TypeError"),
        (NotFoundError("no such row"), "rejected", "filter 'f': "),
        (SchemaError("row", [Problem("a", "b")]), "schema", "filter 'f': row: a: b"),
    ],
)
async def test_a_filter_that_finds_the_request_wrong_ends_it_at_once(
    installed: Installed,
    at_work: Callable[..., Harness],
    error: Exception,
    reason: str,
    says: str,
) -> None:
    def fail(request: Request) -> Request:
        raise error

    installed.add(OUR_FILTERS, "f", fail)
    async with at_work() as h:
        await ask(h)
        await h.settle()

        (dead,) = h.dead
        assert dead.letter is not None
        assert (dead.reason, dead.letter.attempts) == (reason, 1)
        assert says in dead.text
        assert [event.type for event in h.events] == ["run.refused"]


@pytest.mark.parametrize(
    "error",
    [
        OSError("away"),
        TimeoutError("slow"),
        DisconnectedError("gone"),
        RuntimeError("?"),
        SystemExit(1),
    ],
)
async def test_a_filter_that_fails_for_now_is_tried_again(
    installed: Installed, at_work: Callable[..., Harness], error: BaseException
) -> None:
    errors = [error, error]

    def fail(request: Request) -> Request:
        if errors:
            raise errors.pop()
        return request

    installed.add(OUR_FILTERS, "f", fail)
    async with at_work() as h:
        await ask(h)
        await h.advance(30)

        assert h.dead == []
        assert len(h.messages("first")) == 1


async def test_a_filter_may_say_when_to_come_again(
    installed: Installed, at_work: Callable[..., Harness]
) -> None:
    later = [RetryLater(50)]

    async def fail(request: Request) -> Request:
        if later:
            raise later.pop()
        return request

    installed.add(OUR_FILTERS, "f", fail)
    async with at_work() as h:
        await ask(h)
        await h.advance(49)
        before = len(h.messages("first"))
        await h.advance(1)

        assert (before, len(h.messages("first"))) == (0, 1)


class Unreadable(dict[str, Any]):
    """A mapping that cannot be looked at."""

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("closed")

    def keys(self) -> Any:
        return iter(self)

    def items(self) -> Any:
        return iter(self)


RUBBISH: list[Any] = [
    None,
    7,
    (1, 2),
    ({}, {}, {}),
    ({"recipes": "named"}, {}),
    ({"recipes": [1]}, {}),
    ({"recipe": 7}, {}),
    ({"recipe": {"1": {}}}, {}),
    ({}, {1: object()}),
    ({"x": {1j}}, {}),
    ({}, {"x": float("inf")}),
    ({}, {"x": "\ud800"}),
]


@pytest.mark.parametrize("group", [OUR_FILTERS, ZOCALO_FILTERS])
@pytest.mark.parametrize("rubbish", RUBBISH, ids=repr)
async def test_a_filter_that_returns_rubbish_is_named_in_one_dead_letter(
    installed: Installed, at_work: Callable[..., Harness], group: str, rubbish: Any
) -> None:
    def fail(*_: Any) -> Any:
        return rubbish

    installed.add(group, "f", fail)
    async with at_work() as h:
        await ask(h)
        await h.settle()

        (dead,) = h.dead
        assert dead.letter is not None
        assert dead.letter.attempts == 1
        assert "filter 'f': returned" in dead.text


@pytest.mark.parametrize("extra", [None, 7, Unreadable(a=1)])
async def test_keys_that_cannot_be_read_are_rubbish_as_well(
    installed: Installed, at_work: Callable[..., Harness], extra: Any
) -> None:
    def fail(request: Request) -> Request:
        request.extra = extra
        request.parameters = extra
        return request

    installed.add(OUR_FILTERS, "f", fail)
    async with at_work() as h:
        await ask(h)
        await h.settle()

        (dead,) = h.dead
        assert dead.letter is not None
        assert dead.letter.attempts == 1
        assert "filter 'f': returned" in dead.text


async def test_a_filter_that_hangs_keeps_nobody_else_waiting(
    installed: Installed, at_work: Callable[..., Harness]
) -> None:
    stuck = threading.Event()

    def hang(request: Request) -> Request:
        if request.parameters.get("hangs"):
            stuck.wait()
        return request

    installed.add(OUR_FILTERS, "hang", hang)
    async with at_work(Hasty()) as h:
        await ask(h, hangs=True)
        await ask(h)
        await h.settle()
        others = len(h.messages("first"))
        while not h.dead:
            await h.advance(10)

        stuck.set()
        assert others == 1
        assert "filter 'hang': took longer than 0.05 s" in h.dead[0].text


async def test_a_filter_that_waits_is_given_up_in_time(
    installed: Installed, at_work: Callable[..., Harness]
) -> None:
    async def wait(request: Request) -> Request:
        await asyncio.Event().wait()
        return request

    installed.add(OUR_FILTERS, "wait", wait)
    async with at_work(Hasty()) as h:
        await ask(h)
        while not h.dead:
            await h.advance(10)

        assert "filter 'wait': took longer than 0.05 s" in h.dead[0].text
