"""Where a study is read from, and what is said if it cannot be."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from recado_experiment.document.reading import MAX_CHARACTERS
from tests.unit.cli.conftest import Command
from tests.unit.cli.expand.samples import LATIN


def test_a_file_that_is_not_there_is_told_with_the_nearest(
    command: Command, folder: Path
) -> None:
    (folder / "reading.toml").write_text(LATIN)

    result = command("expand", "verify", "raeding.toml")

    assert result.code == 1
    assert "no file 'raeding.toml'; did you mean 'reading.toml'?" in result.err


def test_a_folder_without_studies_offers_none(command: Command) -> None:
    result = command("expand", "verify", "nowhere/reading.toml")

    assert (result.code, result.err) == (1, "recado: no file 'nowhere/reading.toml'\n")


@pytest.mark.parametrize("name", ["study", "study.TOML", "study.json"])
def test_a_file_of_another_suffix_is_refused_as_experiment_server_does(
    command: Command, folder: Path, name: str
) -> None:
    (folder / name).write_text(LATIN)

    result = command("expand", "verify", name)

    assert result.code == 2
    assert f"a study's file ends in .toml, and {name!r} does not" in result.err


def test_a_pipe_needs_no_suffix(command: Command) -> None:
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "w") as pipe:
        pipe.write(LATIN)

    assert command("expand", "verify", f"/dev/fd/{ours}").code == 0
    os.close(ours)


def test_a_folder_is_no_study(command: Command, folder: Path) -> None:
    (folder / "study.toml").mkdir()

    result = command("expand", "verify", "study.toml")

    assert (result.code, result.err) == (1, "recado: study.toml: Is a directory\n")


def test_what_is_not_utf_8_is_told_with_its_line(
    command: Command, folder: Path
) -> None:
    (folder / "study.toml").write_bytes(LATIN.encode() + b'# "\xe9"')

    result = command("expand", "verify", "study.toml")

    assert result.code == 1
    assert "line 13: not UTF-8" in result.err


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (MAX_CHARACTERS + 1, f"{MAX_CHARACTERS + 1} characters long; at most"),
        (4 * MAX_CHARACTERS + 1, f"more than {4 * MAX_CHARACTERS} bytes long; at most"),
    ],
)
def test_what_is_too_long_is_refused(
    command: Command, folder: Path, size: int, said: str
) -> None:
    (folder / "study.toml").write_bytes(b"#" * size)

    result = command("expand", "verify", "study.toml")

    assert result.code == 1
    assert said in result.err


def test_standard_in_without_an_end_is_refused(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path("/dev/zero").open("rb") as endless:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(endless))
        result = command("expand", "verify", "-")

    assert result.code == 1
    assert "recado: standard in: 1 problem\n" in result.err


def test_problems_name_the_file_as_it_was_named(command: Command, folder: Path) -> None:
    (folder / "old").mkdir()
    (folder / "old" / "study.toml").write_text("[configuration")

    result = command("expand", "diff", "old/study.toml", "-")

    assert result.err.startswith("recado: old/study.toml: 1 problem\n")
