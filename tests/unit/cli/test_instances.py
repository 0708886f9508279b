"""Which instances are started, and how long one that ended has to wait."""

from __future__ import annotations

import click
import pytest

from recado_cli.backoff import Backoff
from recado_cli.instances import chosen, instances_of, scales

KNOWN = ["dispatcher", "expander", "hello"]


def test_every_installed_service_is_started_once() -> None:
    assert chosen(KNOWN, None, {}) == {"dispatcher": 1, "expander": 1, "hello": 1}


def test_a_service_is_scaled_and_another_left_out() -> None:
    assert chosen(KNOWN, None, {"expander": 4, "hello": 0}) == {
        "dispatcher": 1,
        "expander": 4,
    }


def test_only_those_that_are_named_are_started() -> None:
    assert chosen(KNOWN, "hello, exp", {"expander": 2}) == {"hello": 1, "expander": 2}


def test_a_service_that_is_not_installed_is_refused() -> None:
    with pytest.raises(click.UsageError, match="did you mean 'expander'"):
        chosen(KNOWN, None, {"expnader": 2})


def test_scales_are_names_with_numbers() -> None:
    assert scales(["a=1", "b=0"]) == {"a": 1, "b": 0}


def test_instances_of_one_service_have_numbers() -> None:
    made = [make(7) for make in instances_of({"hello": 1, "expander": 2}, None)]

    assert [each.label for each in made] == ["hello", "expander.1", "expander.2"]
    assert list(made[1].command[-4:]) == ["service", "expander", "--parent-fd", "7"]


def test_instances_have_consecutive_health_ports() -> None:
    made = [make(7) for make in instances_of({"hello": 1, "expander": 2}, 9100)]

    assert [each.command[-4:-2] for each in made] == [
        ["--health-port", "9100"],
        ["--health-port", "9101"],
        ["--health-port", "9102"],
    ]


@pytest.mark.parametrize("port", [None, 0])
def test_any_free_port_is_the_same_for_all(port: int | None) -> None:
    (made,) = [make(7) for make in instances_of({"hello": 1}, port)]

    assert "--health-port" not in made.command


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff()
    waits = [0.0]
    for _ in range(12):
        waits.append(backoff.after(waits[-1], lived_s=0.2))

    assert waits[1:5] == [0.1, 0.2, 0.4, 0.8]
    assert waits[-1] == 30.0


def test_a_long_life_makes_the_waits_begin_anew() -> None:
    assert Backoff().after(12.8, lived_s=10.0) == 0.1
