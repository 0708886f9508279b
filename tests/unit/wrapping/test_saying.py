"""What a job may say, and what is no such thing."""

from __future__ import annotations

import pytest

from recado.errors import SchemaError
from recado.wrapping.saying import (
    Checkpoint,
    Ended,
    Saying,
    Send,
    Task,
    number_of,
    understood,
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"send": "updates"}, Send(send="updates")),
        ({"send": "", "payload": [1], "n": 3}, Send(send="", payload=[1], n=3)),
        ({"send": "a", "delay_s": 2}, Send(send="a", delay_s=2)),
        ({"checkpoint": None}, Checkpoint(checkpoint=None)),
        ({"task": "phase 2"}, Task(task="phase 2")),
        ({"ended": False, "text": "no"}, Ended(ended=False, text="no")),
    ],
)
def test_a_thing_is_known_by_its_key(said: object, meant: Saying) -> None:
    assert understood(said) == meant


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({}, "must be an object with one of send, checkpoint, task, ended"),
        ([], "must be an object"),
        ("send", "must be an object"),
        ({"send": "a", "task": "b"}, "one of"),
        ({"send": "a", "delay": 2}, "delay: is not known; did you mean 'delay_s'"),
        ({"send": "a", "delay_s": -1}, "delay_s"),
        ({"send": 7}, "send"),
        ({"task": "x" * 201}, "task"),
        ({"ended": "perhaps"}, "ended"),
    ],
)
def test_anything_else_is_refused_with_its_path(said: object, problem: str) -> None:
    with pytest.raises(SchemaError, match=problem):
        understood(said)


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ({"n": 4}, 4),
        ({"n": True}, None),
        ({"n": "4"}, None),
        ({"n": -1}, None),
        ({}, None),
        ([4], None),
        (None, None),
    ],
)
def test_only_what_has_a_number_is_answered(said: object, number: int | None) -> None:
    assert number_of(said) == number
