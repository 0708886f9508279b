"""How a step is done is said by its recipe, or else by its service."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from recado import Message, RetryPolicy, Service, Step
from recado.events import FAILED
from recado.letter import read_history
from recado.runtime.once import Once
from recado.runtime.terms import terms_of
from recado.testing import Harness
from recado.transport.base import Delivery

OWN = RetryPolicy(attempts=4, first_s=1.0, jitter=0.0)


class Failing(Service):
    queue = "failing"
    retry = OWN

    async def handle(self, message: Message, step: Step) -> None:
        raise OSError("away")


class Slow(Service):
    queue = "slow"
    retry = RetryPolicy(attempts=1)
    timeout_s = 100.0

    async def handle(self, message: Message, step: Step) -> None:
        await asyncio.Event().wait()


class Talking(Service):
    queue = "talking"

    async def handle(self, message: Message, step: Step) -> None:
        step.send_to("reslts", message.payload)


def test_what_a_step_does_not_say_is_the_services() -> None:
    terms = terms_of(1, {"retry": {"attempts": 2}}, OWN, 20)

    assert terms.policy == RetryPolicy(attempts=2, first_s=1.0, jitter=0.0)
    assert (terms.timeout_s, terms.remarks) == (None, ())
    assert terms_of(1, {"queue": "x"}, OWN, 20).policy is OWN


def test_nothing_is_tried_more_often_than_the_broker_allows() -> None:
    assert terms_of(1, {"retry": {"attempts": 99}}, OWN, 20).policy.attempts == 20


@pytest.mark.parametrize(
    "said",
    [
        {"retry": {"attempts": 0}},
        {"retry": {"atempts": 3}},
        {"retry": "often"},
        {"retry": {"first_s": -1}},
        {"retry": {"jitter": 2}},
        {"retry": {"cap_s": float("nan")}},
        {"timeout_s": 0},
        {"timeout_s": "soon"},
        {"timeout_s": [1]},
        {"timeout_s": float("inf")},
    ],
    ids=str,
)
def test_what_a_foreign_recipe_means_otherwise_is_remarked_and_left(
    said: dict[str, Any],
) -> None:
    terms = terms_of(7, said, OWN, 20)

    assert (terms.policy, terms.timeout_s) == (OWN, None)
    (remark,) = terms.remarks
    assert remark.startswith(f"recipe step 7: {next(iter(said))}")
    assert remark.endswith("the service's own is used")


async def test_a_steps_own_retries_are_used_and_told() -> None:
    async with Harness(Failing()) as h:
        with capture_logs() as logs:
            await h.send(
                {}, step={"retry": {"attempts": 2, "first_s": 30, "jitter": 0}}
            )
            await h.settle()
            await h.advance(29)
            assert h.dead == []
            await h.advance(1)

        (dead,) = h.dead
        assert dead.letter is not None
        assert (dead.reason, dead.letter.attempts) == ("error", 2)
        assert [it.allowed for it in read_history(dead.message.headers)] == [2, 2]
        (told,) = [each for each in h.events if each.type == FAILED]
        assert (told.data["allowed"], told.data["retry_in_s"]) == (2, 30.0)
        shown = [it for it in logs if it["event"].startswith("message.")]
        assert {it["allowed"] for it in shown} == {2}


async def test_a_step_may_be_tried_more_often_than_its_service_says() -> None:
    async with Harness(Failing()) as h:
        await h.send({}, step={"retry": {"attempts": 6, "cap_s": 1}})
        await h.settle()
        await h.advance(60)

        (dead,) = h.dead
        assert dead.letter is not None
        assert dead.letter.attempts == 6


async def test_attempts_without_a_verdict_are_counted_by_the_steps_own_number() -> None:
    work = Harness(Talking())
    async with work as h:
        for attempts in (2, 3):
            message = await h.send({}, step={"retry": {"attempts": attempts}})
            found = Delivery(message, "talking", 3, h.transport, None)
            (lane, *_) = h.runtime._lanes  # pyright: ignore[reportPrivateUsage] - a crash is not to be had otherwise
            ending = lane.work.exhausted(found, message)
            assert (ending is not None) == (attempts < 3)


async def test_a_steps_own_time_limit_is_used() -> None:
    async with Harness(Slow()) as h:
        await h.send({}, step={"timeout_s": 2.5})
        await h.advance(2.5)

        (dead,) = h.dead
        assert (dead.reason, dead.text) == ("timeout", "took longer than 2.5 s")


async def test_terms_that_cannot_be_used_are_told_once_and_nothing_dies_of_them() -> (
    None
):
    async with Harness(Talking()) as h:
        with capture_logs() as logs:
            for _ in range(5):
                await h.send({}, step={"retry": "often", "timeout_s": None})
            await h.settle()

        assert h.dead == []
        told = [it["text"] for it in logs if it["event"] == "recipe.questionable"]
        assert len(told) == 2
        assert "retry" in told[0]
        assert "no output 'reslts'; its output has no name" in told[1]


@pytest.mark.parametrize("outputs", [[], ["results"]], ids=["unnamed", "named"])
async def test_a_services_default_channel_is_its_unnamed_output(
    outputs: list[str],
) -> None:
    class Naming(Talking):
        name = "naming"
        default_channel = "results"

        async def handle(self, message: Message, step: Step) -> None:
            step.send("a")
            step.send_to("results", "b")

    async with Harness(Naming()) as h:
        await h.send({}, outputs=outputs)
        await h.settle()

        assert (h.sent_to("results") if outputs else h.sent) == ["a", "b"]


async def test_a_step_of_a_name_that_is_nearly_an_outputs_is_warned_of_once() -> None:
    async with Harness(Talking()) as h:
        with capture_logs() as logs:
            for _ in range(3):
                await h.send({}, outputs=["results"])
            await h.settle()

        (warned,) = [it for it in logs if it["event"] == "recipe.questionable"]
        assert warned["log_level"] == "warning"
        assert "did you mean 'results'?" in warned["text"]


def test_what_was_said_long_ago_is_said_again() -> None:
    once = Once(remembered=2)

    assert [once.is_new(it) for it in "aabcab"] == [True, False, True, True, True, True]
