"""The recipes that come with recado: they are sound, and do what their comments say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recado import Reject
from recado.errors import SchemaError
from recado.recipe import Recipe, RecipeFolder
from recado.validation import validated
from recado_experiment import Study
from recado_samples.hello import Guest, Hello
from recado_samples.rehearsal import Limits, Participant, Rehearsal, check
from recado_samples.timetable import total_minutes

FOLDER = Path(__file__).parents[3] / "recipes"


def recipe(name: str) -> Recipe:
    return RecipeFolder(FOLDER).load(name)


def study() -> Study:
    return Study.read((FOLDER / "study.toml").read_bytes(), "study.toml")


def test_these_recipes_are_there() -> None:
    assert set(RecipeFolder(FOLDER).names()) >= {"hello", "study", "fails"}


def test_hello_greets_whom_its_payload_names() -> None:
    ((step, payload),) = recipe("hello").start

    assert recipe("hello").steps[step].queue == Hello.queue
    assert validated(Guest, payload, "message").name == "world"


def test_fails_breaks_the_schema_of_the_service_it_is_sent_to() -> None:
    ((step, payload),) = recipe("fails").start

    assert recipe("fails").steps[step].queue == Hello.queue
    with pytest.raises(SchemaError, match=r"payload\.name: .*string, not 7"):
        validated(Guest, payload, "message", "payload")


@pytest.mark.parametrize("name", ["hello", "study", "fails"])
def test_a_recipe_runs_without_any_parameter_from_outside(name: str) -> None:
    texts = re.findall(r'"(?:[^"\\]|\\.)*"', (FOLDER / f"{name}.json").read_text())

    assert [text for text in texts if "{" in text] == []


def test_study_expands_the_study_beside_it_and_rehearses_it() -> None:
    expander, rehearsal = (recipe("study").steps[step] for step in (1, 2))

    assert (FOLDER / str(expander.parameters["study"])).is_file()
    assert rehearsal.queue == Rehearsal.queue
    assert validated(Limits, rehearsal.parameters, "step") == Limits(absent=(7,))


def test_of_the_studys_participants_only_the_absent_one_is_given_up() -> None:
    limits = Limits.model_validate(recipe("study").steps[2].parameters)
    given_up: list[int] = []

    for number in range(1, 25):
        message = {"participant": number, "blocks": study().expand(number)}
        participant = validated(Participant, message, "message")
        try:
            check(number, total_minutes(participant.blocks), limits)
        except Reject:
            given_up.append(number)

    assert given_up == [7]


def test_the_study_gives_three_of_24_participants_each_of_eight_arrangements() -> None:
    config = study()
    orders = [tuple(config.names(number)) for number in range(1, 25)]

    assert len({*orders}) == 8
    assert all(orders.count(order) == 3 for order in orders)


def test_no_participant_reads_a_text_twice() -> None:
    for number in range(1, 25):
        texts = [
            str(config["text"])
            for config in study().configs(number)
            if "text" in config
        ]

        assert len({*texts}) == len(texts) == 8
