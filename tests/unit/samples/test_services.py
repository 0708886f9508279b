"""The samples at work on a broker."""

from __future__ import annotations

import pytest

from recado.testing import Harness
from recado_samples.hello import Hello
from recado_samples.rehearsal import Rehearsal

BLOCKS = [
    {"name": "a", "config": {"trials": 6, "seconds_per_trial": 10}},
    {"name": "b", "config": {"trials": 60, "seconds_per_trial": 60}},
]


async def test_hello_sends_a_greeting_on() -> None:
    async with Harness(Hello()) as h:
        await h.send({"name": "Ada"})
        await h.settle()

        assert h.sent == [{"greeting": "hello, Ada"}]


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({"name": 7}, "payload.name"),
        ({"name": ""}, "payload.name"),
        ({"nam": "Ada"}, "payload.nam: is not known; did you mean 'name'?"),
        (None, "payload"),
    ],
)
async def test_what_is_not_a_name_dies_at_once_with_the_place(
    payload: object, problem: str
) -> None:
    async with Harness(Hello()) as h:
        await h.send(payload)
        await h.settle()

        (dead,) = h.dead
        assert dead.reason == "schema"
        assert problem in dead.text


async def test_rehearsal_sends_the_timetable_on() -> None:
    async with Harness(Rehearsal()) as h:
        await h.send({"participant": 3, "blocks": BLOCKS})
        await h.settle()

        assert h.sent == [
            {
                "participant": 3,
                "blocks": [
                    {"name": "a", "starts_at": 0.0, "minutes": 1.0},
                    {"name": "b", "starts_at": 1.0, "minutes": 60.0},
                ],
                "minutes": 61.0,
            }
        ]


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"absent": [3]}, "participant 3 did not turn up"),
        ({"minutes_limit": 60}, "participant 3 would be kept for 61 minutes"),
    ],
)
async def test_a_participant_who_is_given_up_dies_at_once(
    parameters: dict[str, object], text: str
) -> None:
    async with Harness(Rehearsal()) as h:
        await h.send({"participant": 3, "blocks": BLOCKS}, parameters=parameters)
        await h.settle()

        (dead,) = h.dead
        assert dead.reason == "rejected"
        assert text in dead.text
        assert h.sent == []


async def test_every_problem_of_payload_and_parameters_is_named() -> None:
    bad = {"name": "a", "config": {"trials": 0}}

    async with Harness(Rehearsal()) as h:
        await h.send(
            {"participant": 0, "blocks": [bad]}, parameters={"minute_limit": 1}
        )
        await h.settle()

        (dead,) = h.dead
        assert dead.letter is not None
        assert {problem.path for problem in dead.letter.problems} == {
            "payload.participant",
            "payload.blocks[0].config.trials",
            "payload.blocks[0].config.seconds_per_trial",
            "parameters.minute_limit",
        }
