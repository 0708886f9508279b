"""YAML that holds anything but plain values is told, with the line, and never raises."""

from __future__ import annotations

import pytest

from recado.errors import SchemaError
from recado.zocalo.yaml import read_yaml


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("2001-99-99", "timestamp"),
        ("!!timestamp soon", "timestamp"),
        ("!!int ''", "int"),
        ("!!float geheim", "float"),
        ("!!bool geheim", "bool"),
        ("9" * 5000, "int"),
    ],
)
def test_what_is_no_value_of_its_kind_is_told_without_it(said: str, kind: str) -> None:
    with pytest.raises(SchemaError) as raised:
        read_yaml(f"a: 1\nb: {said}", "file.yaml")

    [problem] = raised.value.problems
    assert (problem.path, problem.text) == ("line 2", f"is no value of type {kind}")


def test_what_is_inside_itself_is_told() -> None:
    with pytest.raises(SchemaError, match=r"line 1: found unconstructable recursive"):
        read_yaml("a: &inside {b: *inside}", "file.yaml")


@pytest.mark.parametrize("said", ["[" * 5000, "[" * 3000 + "]" * 3000])
def test_what_is_nested_too_deeply_is_told(said: str) -> None:
    with pytest.raises(SchemaError, match="is nested too deeply"):
        read_yaml(said, "file.yaml")


def test_what_is_said_once_and_used_twice_is_there_twice() -> None:
    found = read_yaml("a: &one {x: [1]}\nb: *one\nc: {<<: *one, y: 2}", "file.yaml")

    assert found == {"a": {"x": [1]}, "b": {"x": [1]}, "c": {"x": [1], "y": 2}}
