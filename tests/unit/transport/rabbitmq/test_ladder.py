"""Any delay is a way over waiting queues, and leads to its queue and no other."""

from __future__ import annotations

import re

import pytest

from recado.errors import RefusedError
from recado.transport.rabbitmq import ladder


def matches(pattern: str, key: str) -> bool:
    """Return whether a topic exchange routes a key by a pattern."""
    expression = re.escape(pattern).replace(r"\#\.", r"(?:[^.]+\.)*")
    return re.fullmatch(expression.replace(r"\*", "[^.]+"), key) is not None


def waited_s(delay_s: float, target: str) -> float:
    """Go the way as RabbitMQ does; return how long the queues held the message."""
    way = ladder.way(delay_s, target)
    waited = 0.0
    for level in range(way.level, -1, -1):
        waits, passes = (matches(it, way.key) for it in ladder.patterns(level))
        assert waits is not passes
        waited += ladder.milliseconds(level) / 1000 if waits else 0.0
    assert matches(f"#.{ladder.word(target)}", way.key)
    return waited


@pytest.mark.parametrize(
    "delay_s", [0.001, 0.125, 0.126, 0.3, 1.0, 7.77, 60.0, 3600.0, 86_400.0, 2e6]
)
def test_a_message_waits_for_its_delay_and_less_than_a_tick_more(
    delay_s: float,
) -> None:
    assert delay_s <= waited_s(delay_s, "a.queue") < delay_s + ladder.TICK_S


@pytest.mark.parametrize("delay_s", [ladder.LONGEST_S + 1, float("inf"), 1e300])
def test_a_delay_beyond_the_ladder_is_refused(delay_s: float) -> None:
    with pytest.raises(RefusedError, match="at most 24 days"):
        ladder.way(delay_s, "work")


def test_the_longest_delay_fits_into_a_routing_key() -> None:
    way = ladder.way(ladder.LONGEST_S, "ü.*#" * 60)

    assert len(way.key.encode()) <= 255


TARGETS = [
    "a",
    "a.b",
    "a_b",
    "a~b",
    "*",
    "#",
    "",
    "1",
    "0",
    "é",
    "a.*",
    "a.b.c",
    "~2e~",
]


def test_no_two_queues_have_the_same_word_and_no_word_is_a_pattern() -> None:
    words = [ladder.word(target) for target in [*TARGETS, "x" * 200, "x" * 201]]

    assert len(set(words)) == len(words)
    assert not any(set(word) & set(".*#") for word in words)
