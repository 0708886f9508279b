"""Ready checks: a request waits until all say yes, but not for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from recado.clients.dispatch import request_message, submit
from recado.errors import SchemaError
from recado.message import decode
from recado.schemas.dispatch import DISPATCHER_QUEUE
from recado.starting import Request
from recado.testing import Harness
from recado_dispatcher.ready import Patience
from tests.unit.dispatcher.conftest import OUR_CHECKS, ZOCALO_CHECKS, Installed

NOW = 1_000_000.0
NEVER = {"x": 1, "dispatcher_timeout": "20"}


class Switch:
    """A ready check that says what it was told to; remembers what it was given."""

    def __init__(self, *, is_ready: bool = False) -> None:
        self.is_ready = is_ready
        self.given: list[Any] = []

    def zocalo(self, message: Any, parameters: Any) -> bool:
        self.given.append((message, parameters))
        return self.is_ready

    async def ours(self, request: Request) -> bool:
        self.given.append(request)
        return self.is_ready


@pytest.fixture
def switch(installed: Installed) -> Switch:
    switch = Switch()
    installed.add(OUR_CHECKS, "there", switch.ours)
    return switch


async def ask(h: Harness, **parameters: Any) -> None:
    await submit(h.transport, request_message(["named"], parameters=parameters))
    await h.settle()


@pytest.mark.usefixtures("switch")
def test_what_parameters_say_of_the_time_limit() -> None:
    patience = Patience.read({}, NOW)
    given = {"dispatcher_timeout": "5", "dispatcher_expiration": NOW + 3}

    assert (patience.timeout_s, patience.ends_at) == (120, NOW + 120)
    assert Patience.read(given, NOW).ends_at == NOW + 3
    assert (
        Patience.read(given | {"dispatcher_expiration": 1e18}, NOW).ends_at == NOW + 5
    )


@pytest.mark.parametrize(
    "value", ["soon", True, [], {}, -1, float("nan"), 1e300, "9" * 400]
)
def test_a_time_limit_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(SchemaError, match=r"parameters.dispatcher_timeout: must be"):
        Patience.read({"dispatcher_timeout": value}, NOW)


@pytest.mark.parametrize("value", ["soon", True, [], -1, float("inf"), 10**400])
def test_an_expiration_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(SchemaError, match=r"parameters.dispatcher_expiration: must be"):
        Patience.read({"dispatcher_expiration": value}, NOW)


@pytest.mark.parametrize("value", [7, ["a"], "x" * 256])
def test_an_error_queue_that_is_no_name_is_refused(value: object) -> None:
    with pytest.raises(
        SchemaError, match=r"parameters.dispatcher_error_queue: must be"
    ):
        Patience.read({"dispatcher_error_queue": value}, NOW)


async def test_a_request_waits_until_it_is_ready(
    switch: Switch, at_work: Callable[..., Harness]
) -> None:
    async with at_work() as h:
        await ask(h, x=1)
        await h.advance(30)
        waited = len(switch.given)
        switch.is_ready = True
        await h.advance(10)

        assert waited > 3
        assert len(h.messages("first")) == 1
        types = [event.type for event in h.events]
        assert types[:2] == ["run.waiting", "run.started"]
        assert h.events[0].data["text"] == "ready check 'there' says no"
        assert h.events[0].data["until"] == h.clock() + 80
        assert h.dead == []


async def test_who_is_never_ready_is_one_dead_letter_with_the_reason(
    switch: Switch, at_work: Callable[..., Harness]
) -> None:
    async with at_work() as h:
        await ask(h, **NEVER)
        await h.advance(19)
        before = h.dead
        await h.advance(20)

        (dead,) = h.dead
        assert before == []
        assert dead.letter is not None
        assert (dead.reason, dead.letter.attempts) == ("rejected", 1)
        assert dead.text == "not ready after 20 s: ready check 'there' says no"
        refused = h.events[-1]
        assert (refused.type, refused.data["text"]) == ("run.refused", dead.text)


async def test_who_is_never_ready_goes_to_the_error_queue_it_names(
    switch: Switch, at_work: Callable[..., Harness]
) -> None:
    async with at_work() as h:
        await ask(h, **NEVER, dispatcher_error_queue="errors")
        await h.advance(40)

        (message,) = h.messages("errors")
        assert h.dead == []
        assert decode(message.body)["parameters"]["x"] == 1
        assert not message.is_recipe
        assert h.events[-1].type == "run.refused"
        assert h.events[-1].data["text"].endswith("it went to 'errors'")


async def test_an_error_queue_that_nobody_declared_is_told_in_a_dead_letter(
    switch: Switch, at_work: Callable[..., Harness]
) -> None:
    async with at_work() as h:
        await ask(h, **NEVER, dispatcher_error_queue="nowhere")
        await h.advance(40)

        (dead,) = h.dead
        assert dead.text.endswith("dispatcher_error_queue 'nowhere' is not declared")
        assert dead.letter is not None
        assert dead.letter.attempts == 1


async def test_a_time_limit_that_is_none_is_one_dead_letter(
    switch: Switch, at_work: Callable[..., Harness]
) -> None:
    async with at_work() as h:
        await ask(h, dispatcher_timeout="soon", dispatcher_expiration=[])
        await h.settle()

        (dead,) = h.dead
        assert dead.letter is not None
        assert len(dead.letter.problems) == 2


async def test_a_check_of_zocalos_gets_a_copy_of_what_it_knows(
    installed: Installed, at_work: Callable[..., Harness]
) -> None:
    switch = Switch(is_ready=True)
    installed.add(ZOCALO_CHECKS, "there", switch.zocalo)
    async with at_work() as h:
        body = {"recipes": ["named"], "parameters": {"x": [1]}, "beamline": "i03"}
        await h.publish(DISPATCHER_QUEUE, body)
        await h.settle()

        ((message, parameters),) = switch.given
        assert message == body | {"parameters": parameters, "recipe": {}}
        assert parameters == {"x": [1], "guid": parameters["guid"]}
        assert len(h.messages("first")) == 1


async def test_a_check_that_raises_is_tried_again_and_named_in_the_end(
    installed: Installed, at_work: Callable[..., Harness]
) -> None:
    calls: list[object] = []

    def broken(request: Request) -> bool:
        calls.append(request)
        raise KeyError("no such row")

    installed.add(OUR_CHECKS, "broken", broken)
    async with at_work() as h:
        await ask(h)
        await h.advance(100)

        (dead,) = h.dead
        assert len(calls) == 5
        assert dead.letter is not None
        assert (dead.reason, dead.letter.attempts) == ("error", 5)
        assert "ready check 'broken': KeyError: 'no such row'" in dead.text
        assert [event.type for event in h.events] == ["run.refused"]
