"""Result files: which there are, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from recado.wrapping.results import all_files, found, pattern_problems, result_file


def test_a_result_is_told_by_folder_name_and_kind(tmp_path: Path) -> None:
    told = result_file(tmp_path / "sub" / "scaled.mtz", "graph")

    assert told == {
        "file_path": str(tmp_path / "sub"),
        "file_name": "scaled.mtz",
        "file_type": "graph",
    }


def test_all_results_are_told_as_a_list_of_whole_paths(tmp_path: Path) -> None:
    assert all_files([tmp_path / "a"]) == {"filelist": [str(tmp_path / "a")]}


def test_files_that_are_named_come_first_and_each_comes_once(tmp_path: Path) -> None:
    for name in ("b.log", "a.log", "c.out"):
        (tmp_path / name).touch()

    there, missing = found(tmp_path, [Path("b.log")], ["*.log", "*.out", "*.log"])

    assert [path.name for path in there] == ["b.log", "a.log", "c.out"]
    assert missing == []


def test_a_file_that_is_named_and_missing_is_told_apart(tmp_path: Path) -> None:
    assert found(tmp_path, [Path("x")], ["*.none"]) == ([], [tmp_path / "x"])


def test_a_folder_is_no_result_and_those_within_can_be_asked_for(
    tmp_path: Path,
) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "x.log").touch()

    there, _ = found(tmp_path, [], ["*", "**/*.log"])

    assert there == [tmp_path / "deep" / "er" / "x.log"]


@pytest.mark.parametrize(
    "pattern", ["/etc/*", "../*", "a/../../b", "", ".", 7, "a\0b", None]
)
def test_a_recipes_pattern_stays_in_the_working_folder(pattern: object) -> None:
    assert [each.path for each in pattern_problems(["ok", pattern])] == ["[1]"]


def test_patterns_are_a_list() -> None:
    assert [str(each) for each in pattern_problems("*.log")] == [
        "must be a list of patterns, not '*.log'"
    ]
