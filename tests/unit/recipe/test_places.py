"""Queues that nobody consumes, services that nobody runs."""

from __future__ import annotations

from typing import Any

from recado.errors import Problem
from recado.recipe import Recipe, unknown_places


def recipe(*steps: dict[str, Any]) -> Recipe:
    numbered = {str(number): step for number, step in enumerate(steps, 1)}
    return Recipe.read(numbered | {"start": [[n + 1, 0] for n in range(len(steps))]})


def test_a_queue_that_is_consumed_and_a_service_that_runs_are_fine() -> None:
    found = recipe({"queue": "hello", "service": "Hello"}, {"topic": "news"})

    assert unknown_places(found, ["hello"], ["hello"]) == ()


def test_what_is_not_there_is_warned_of_with_what_is() -> None:
    found = recipe({"queue": "helo", "service": "Helo"})

    assert unknown_places(found, ["hello"], ["hello"]) == (
        Problem(
            "1.queue",
            "nobody consumes the queue 'helo'; did you mean 'hello'? known: hello",
        ),
        Problem(
            "1.service",
            "no service 'Helo' is running; did you mean 'hello'? known: hello",
        ),
    )


def test_where_nothing_runs_it_says_so() -> None:
    (problem,) = unknown_places(recipe({"queue": "hello"}), [], [])

    assert problem.text == "nobody consumes the queue 'hello'; none are known"


def test_a_name_that_is_still_to_be_filled_in_is_passed_over() -> None:
    found = recipe({"queue": "a.{where}", "service": "{who}"})

    assert unknown_places(found, [], []) == ()


def test_of_thousands_of_steps_a_hundred_are_told_and_few_are_searched_for() -> None:
    found = recipe(*({"queue": f"q{n}"} for n in range(1000)))

    problems = unknown_places(found, ["other"], [])

    assert len(problems) == 101
    assert problems[99].text == "nobody consumes the queue 'q99'"
