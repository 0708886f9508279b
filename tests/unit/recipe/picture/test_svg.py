"""The picture: well formed whatever the names are, and true to the recipe."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from recado.recipe import Recipe
from recado.recipe.picture import diagram_of, svg

SVG = "{http://www.w3.org/2000/svg}"
STUDY: dict[str, Any] = {
    "1": {"service": "Finder", "queue": "finder", "output": {"spots": 2}, "error": 3},
    "2": {"topic": "found", "priority": 7},
    "3": {"queue": "mail"},
    "start": [[1, {}]],
    "error": [3],
}


def picture(document: dict[str, Any], title: str = "study") -> ElementTree.Element:
    return ElementTree.fromstring(svg(diagram_of(Recipe.read(document)), title))


def texts(root: ElementTree.Element, kind: str) -> list[str | None]:
    found = root.iter(f"{SVG}text")
    return [each.text for each in found if each.get("class") == kind]


def kinds(root: ElementTree.Element) -> list[str | None]:
    return [group.get("class") for group in root.iter(f"{SVG}g")]


def test_every_step_is_a_group_that_says_which_it_is() -> None:
    root = picture(STUDY)

    assert kinds(root) == ["start", "failure", "queue", "topic", "queue"]
    steps = [group.get("data-step") for group in root.iter(f"{SVG}g")]
    assert steps == [None, None, "1", "2", "3"]
    assert texts(root, "name") == ["any failure", "1  Finder", "2", "3"]
    assert texts(root, "place") == ["finder", "topic found", "mail"]
    assert texts(root, "notes") == ["priority 7"]


def test_each_group_has_its_full_text_as_a_title() -> None:
    titles = [each.text for each in picture(STUDY).iter(f"{SVG}title")]

    assert titles == [
        "study",
        "start",
        "any failure",
        "1 Finder – finder",
        "2 – topic found – priority 7",
        "3 – mail",
    ]


def test_channels_are_named_and_errors_are_dashed() -> None:
    root = picture(STUDY)

    lines = [each.get("class") for each in root.iter(f"{SVG}path")]
    assert texts(root, "label") == ["spots"]
    # The two errors have become one line before they arrive.
    assert (lines.count("line error"), lines.count("head error")) == (3, 1)
    assert lines.count("head") == 2
    (style,) = root.iter(f"{SVG}style")
    assert style.text is not None
    assert re.search(r"\.line\.error \{[^}]*stroke-dasharray", style.text)


def test_it_is_readable_on_dark_paper_too() -> None:
    assert "@media (prefers-color-scheme: dark)" in svg(
        diagram_of(Recipe.read(STUDY)), "study"
    )


@pytest.mark.parametrize(
    "name",
    [
        "</text><script>alert(1)</script>",
        "a & b < c > d",
        "\x00\x1b[31m\x7f\uffff",
        "quote\" and ' quote",
        "]]>",
    ],
)
def test_no_name_breaks_out_of_its_place(name: str) -> None:
    step = {"service": name, "queue": name}

    root = picture({"1": step, "start": [[1, {}]]}, name)

    assert list(root.iter(f"{SVG}script")) == []
    assert kinds(root) == ["start", "queue"]
    (shown,) = texts(root, "place")
    expected = re.sub("[\x00\x1b\x7f\uffff]", "\ufffd", name)
    assert shown == expected


def test_a_long_name_is_cut_in_the_middle_and_whole_in_the_title() -> None:
    name = "beamline.i04.processing.stage_1.queue-with-a-very-long-name"

    root = picture({"1": {"queue": name}, "start": [[1, {}]]})

    assert texts(root, "place") == ["beamline.i04.proces…ith-a-very-long-name"]
    assert f"1 – {name}" in [each.text for each in root.iter(f"{SVG}title")]


def test_a_name_of_wide_characters_has_a_box_twice_as_wide() -> None:
    def width(name: str) -> float:
        root = picture({"1": {"queue": name}, "start": [[1, {}]]})
        boxes = [each for each in root.iter(f"{SVG}rect") if each.get("class") == "box"]
        return max(float(box.get("width", 0)) for box in boxes)

    assert width("検" * 12) - 24 == pytest.approx(2 * (width("x" * 12) - 24), abs=0.2)


def test_a_step_of_a_recipe_that_is_merged_is_drawn_as_large_as_its_notes() -> None:
    step = {"queue": "q", "retry": {"attempts": 3}, "timeout_s": 90, "priority": 7}

    root = picture({"1": step, "start": [[1, {}]]})

    assert texts(root, "notes") == ["3 attempts · at most 90 s · priority 7"]
