"""``recado drain`` moves every message, or says why one stays."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from recado.message import HISTORY, ID, LETTER, RUN, Message, encode
from tests.unit.cli.conftest import Command
from tests.unit.cli.embedded import Embedded


def plain(id_: str, **headers: str) -> Message:
    return Message(b"{}", {ID: id_, **headers})


def envelope(id_: str, step: object, pointer: object = 1) -> Message:
    recipe: dict[str, object] = {"1": step}
    body = {"recipe": recipe, "recipe-pointer": pointer}
    return Message(encode(body), {ID: id_, "workflows-recipe": "true"})


def test_every_message_is_moved_with_its_id_body_and_headers(
    command: Command, broker: Embedded
) -> None:
    broker.declare("b")
    broker.put("a", *(plain(f"m{n}", **{RUN: "r", HISTORY: "[]"}) for n in range(450)))

    result = command("drain", "a", "b", "--json")

    assert result.code == 0, result.err
    assert json.loads(result.out) == {
        "source": "a",
        "moved": 450,
        "destinations": {"b": 450},
        "staying": [],
    }
    assert broker.ids("a") == []
    assert sorted(broker.ids("b")) == sorted(f"m{n}" for n in range(450))
    (first, *_) = broker.holds("b")
    assert first.message.body == b"{}"
    assert first.message.headers == {ID: first.message.id, RUN: "r", HISTORY: "[]"}


def test_what_brokers_wrote_is_taken_off_and_what_is_recados_stays(
    command: Command, broker: Embedded
) -> None:
    broker.declare("b")
    told = {"x-death": "[]", "original-destination": "/queue/x", "timestamp": "1"}
    broker.put("a", plain("m", **told, **{LETTER: "{}", "own": "x"}))

    assert command("drain", "a", "b").code == 0

    (moved,) = broker.holds("b")
    assert moved.message.headers == {ID: "m", LETTER: "{}", "own": "x"}


def test_each_message_goes_to_the_queue_of_its_own_step(
    command: Command, broker: Embedded
) -> None:
    broker.declare("b", "c")
    broker.put(
        "a", envelope("1", {"queue": "b"}), envelope("2", {"queue": "c"}, pointer="1")
    )

    result = command("drain", "a", ".")

    assert result.code == 0, result.err
    assert (broker.ids("b"), broker.ids("c")) == (["1"], ["2"])
    assert "2 messages moved from a" in result.err


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (plain("x"), "names no step"),
        (Message(b"\xff", {ID: "x"}), "names no step"),
        (envelope("x", {"queue": "b"}, pointer=7), "the recipe has no step 7"),
        (envelope("x", {"topic": "b"}), "its step 1 has no queue"),
        (envelope("x", {"queue": ["b"]}), "its step 1 has no queue"),
        (envelope("x", {"queue": "nowhere"}), "nobody has declared queue 'nowhere'"),
        (envelope("x", {"queue": "a"}), "takes from this very queue"),
    ],
)
def test_a_message_without_a_place_stays_and_the_others_go_on(
    command: Command, broker: Embedded, message: Message, why: str
) -> None:
    broker.declare("b")
    going = [envelope(f"m{n}", {"queue": "b"}) for n in range(3)]
    broker.put("a", message, *going)

    result = command("drain", "a", ".", "--json")

    assert result.code == 1
    assert broker.ids("a") == ["x"]
    assert sorted(broker.ids("b")) == ["m0", "m1", "m2"]
    (staying,) = json.loads(result.out)["staying"]
    assert staying["message"] == "x"
    assert why in staying["why"]
    assert "1 message stayed in 'a'" in result.err
    (left,) = broker.holds("a")
    assert (left.state, left.attempt) == ("ready", 0)


def test_too_many_that_have_to_stay_end_it_and_nothing_is_lost(
    command: Command, broker: Embedded
) -> None:
    broker.put("a", *(plain(f"m{n}") for n in range(250)))

    result = command("drain", "a", ".")

    assert result.code == 1
    assert "have to stay in 'a': stopped" in result.err
    assert len(broker.ids("a")) == 250


def test_a_queue_that_nobody_declared_is_told_before_anything_is_taken(
    command: Command, broker: Embedded
) -> None:
    broker.put("a", plain("m"))

    for source, destination in (("a", "b"), ("b", "a")):
        result = command("drain", source, destination)
        assert result.code == 1
        assert "nobody has declared: 'b'" in result.err

    assert broker.ids("a") == ["m"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a", "a"], "'a' is both where from and where to"),
        (["a", "b", "--rate", "1", "--wait", "1"], "give either --rate or --wait"),
        (["a", "b", "--count", "0"], "--count"),
    ],
)
def test_what_cannot_be_meant_is_misuse(
    command: Command, broker: Embedded, words: list[str], told: str
) -> None:
    broker.put("a", plain("m"))
    broker.declare("b")

    result = command("drain", *words)

    assert result.code == 2
    assert told in result.err
    assert broker.ids("a") == ["m"]


@pytest.mark.parametrize("most", [1, 7, 250])
def test_no_more_are_moved_than_were_asked_for(
    command: Command, broker: Embedded, most: int
) -> None:
    broker.declare("b")
    broker.put("a", *(plain(f"m{n}") for n in range(300)))

    result = command("drain", "a", "b", "--count", str(most))

    assert result.code == 0, result.err
    assert len(broker.ids("b")) == most
    assert len(broker.ids("a")) == 300 - most


def test_a_pace_is_kept(command: Command, broker: Embedded) -> None:
    broker.declare("b")
    broker.put("a", *(plain(f"m{n}") for n in range(5)))

    began = time.monotonic()
    result = command("drain", "a", "b", "--rate", "5", "--count", "3")

    assert result.code == 0, result.err
    assert len(broker.ids("b")) == 3
    assert time.monotonic() - began >= 0.4


def test_delayed_messages_wait_for_their_time(
    command: Command, broker: Embedded
) -> None:
    broker.declare("b")
    broker.put("a", plain("late"), delay_s=60.0)
    broker.put("a", plain("now"))

    result = command("drain", "a", "b")

    assert result.code == 0, result.err
    assert "1 message left for a later time" in result.err
    assert broker.ids("b") == ["now"]
    assert broker.ids("a") == ["late"]


def test_it_goes_on_as_long_as_it_is_told_to(
    command: Command, broker: Embedded
) -> None:
    broker.declare("b")
    broker.put("a", plain("late"), delay_s=1.0)
    broker.put("a", plain("stays"), envelope("goes", {"queue": "b"}))

    result = command("drain", "a", ".", "--stop", "2")

    assert result.code == 1
    assert broker.ids("b") == ["goes"]
    assert sorted(broker.ids("a")) == ["late", "stays"]
    assert "message late stays" in result.err


def test_a_dry_run_tells_and_moves_nothing(command: Command, broker: Embedded) -> None:
    broker.declare("b")
    broker.put("a", envelope("1", {"queue": "b"}), plain("2"))

    fixed = command("drain", "a", "b", "--dry-run", "--json")
    by_step = command("drain", "a", ".", "--dry-run", "--json")

    assert json.loads(fixed.out)["destinations"] == {"b": 2}
    found: Any = json.loads(by_step.out)
    assert (found["moved"], found["destinations"]) == (0, {"b": 1})
    assert found["staying"][0]["message"] == "2"
    assert by_step.code == 1
    assert len(broker.ids("a")) == 2
