"""The envelope that a job is submitted with."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recado.errors import ProblemsError
from recado.message import ID, RECIPE, Message, encode
from recado.wrapping.assignment import Assignment, document_for
from tests.unit.wrapping.jobs import assignment, document

PARENT = "d7c1c8f0-56fd-4c55-9d1e-1a2b3c4d5e6f"


def test_the_same_file_is_the_same_job() -> None:
    assert assignment(payload=1).id == assignment(payload=1).id
    assert assignment(payload=1).id != assignment(payload=2).id


def test_a_pointer_that_is_text_is_the_number() -> None:
    text = json.dumps(document() | {"recipe-pointer": "1"}).encode()

    assert Assignment.read(text).envelope.pointer == 1


def test_two_jobs_of_one_content_are_told_apart_by_their_messages() -> None:
    body = encode(document())
    one = document_for(Message(body, {ID: PARENT, RECIPE: "true"}))
    other = document_for(Message(body, {ID: PARENT[:-1] + "0", RECIPE: "true"}))

    assert Assignment.read(one).id != Assignment.read(other).id
    assert Assignment.read(one).id != PARENT
    assert json.loads(one) == document() | {ID: PARENT}


def test_the_recipe_says_how_long_and_what_the_results_are() -> None:
    told = assignment(
        wrapper={
            "task_information": "data set 7",
            "time_limit_s": 3600,
            "results": ["*.mtz"],
            "anything": {"else": "is the job's"},
        }
    )

    assert told.wishes.task_information == "data set 7"
    assert told.wishes.time_limit_s == 3600
    assert told.results == ["*.mtz"]


def test_a_step_without_a_wrapper_or_with_only_its_name_wishes_nothing() -> None:
    assert assignment().wishes == assignment(wrapper="name").wishes
    assert assignment().results == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"recipe-pointer": 9}, "recipe-pointer: the recipe has no step 9"),
        ({"recipe": []}, "recipe: must be an object"),
        ({"environment": []}, "environment: must be an object"),
    ],
)
def test_an_envelope_that_is_none_is_refused(
    change: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ProblemsError, match=problem):
        Assignment.read(json.dumps(document() | change).encode())


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff"])
def test_what_is_no_json_object_is_refused(text: bytes) -> None:
    with pytest.raises(ProblemsError):
        Assignment.read(text)


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ({"wrapper": {"time_limit_s": -1}}, r"recipe\.1\.wrapper\.time_limit_s: "),
        ({"wrapper": {"results": ["/etc/*"]}}, r"recipe\.1\.wrapper\.results\[0\]: "),
        ({"output": {"success": 3}}, "no step 3"),
        ({"output": {"success": "x"}}, r"output\.success: "),
    ],
)
def test_what_could_not_be_sent_in_the_end_is_refused_before_the_start(
    step: dict[str, Any], text: str
) -> None:
    with pytest.raises(ProblemsError, match=text):
        assignment(**step)
