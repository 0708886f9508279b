"""Participants' configs and blocks: on standard out, and in files."""

from __future__ import annotations

import errno
import io
import json
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from recado import __version__
from tests.unit.cli.conftest import Command
from tests.unit.cli.expand.samples import LATIN, crowded


@pytest.fixture
def study(folder: Path) -> str:
    (folder / "study.toml").write_text(LATIN)
    return "study.toml"


def test_blocks_are_whole(command: Command, study: str) -> None:
    result = command("expand", "generate", study, "-i", "1", "--blocks")

    assert [each["name"] for each in json.loads(result.out)] == ["a", "b"]
    assert [each["config"]["trials"] for each in json.loads(result.out)] == [1, 2]


@pytest.mark.parametrize(
    ("ranges", "participants"),
    [
        ("3", [1, 2, 3]),
        ("1", [1]),
        ("3-3", [3]),
        ("1-2,5", [1, 2, 5]),
        (" 5, 1 - 2,2 ", [1, 2, 5]),
    ],
)
def test_many_participants_are_a_line_each(
    command: Command, study: str, ranges: str, participants: list[int]
) -> None:
    lines = command("expand", "generate", study, "-r", ranges).out.splitlines()

    found = [json.loads(line)[0]["participant_index"] for line in lines]
    assert found == participants


@pytest.mark.parametrize(("flags", "key"), [([], "configs"), (["--blocks"], "blocks")])
def test_a_line_of_jsonl_says_whose_it_is_and_of_what(
    command: Command, study: str, flags: list[str], key: str
) -> None:
    given = ["expand", "generate", study, "-r", "2-3", *flags]
    lines = command(*given, "--jsonl").out.splitlines()
    arrays = command(*given).out.splitlines()

    assert [json.loads(line) for line in lines] == [
        {
            "participant": participant,
            key: json.loads(arrays[participant - 2]),
            "provenance": {
                "sha256": sha256(LATIN.encode()).hexdigest(),
                "stream": participant,
                "recado": __version__,
            },
        }
        for participant in (2, 3)
    ]


def test_a_single_participant_may_be_a_line_of_jsonl(
    command: Command, study: str
) -> None:
    result = command("expand", "generate", study, "-i", "2", "--jsonl")

    assert json.loads(result.out)["participant"] == 2


def test_text_of_any_language_is_kept(command: Command, folder: Path) -> None:
    (folder / "study.toml").write_text(LATIN.replace('"a"', '"¿qué?"'), "utf-8")

    array = command("expand", "generate", "study.toml", "-i", "1").out
    line = command("expand", "generate", "study.toml", "-i", "1", "--jsonl").out

    assert json.loads(array)[0]["name"] == "¿qué?"
    assert array.isascii(), "as experiment-server writes it"
    assert "¿qué?" in line


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([], "give either -i N or -r RANGES"),
        (["-i", "1", "-r", "2"], "give either -i N or -r RANGES"),
        (["-i", "1", "-d", "made", "--jsonl"], "give either -d DIR or --jsonl"),
        (["-i", "0"], "0 is not in the range x>=1"),
        (["-r", "0"], "'0' begins below 1; participants count from 1"),
        (["-r", "5-2"], "'5-2' runs backwards; write '2-5'"),
        (["-r", "4-0"], "'4-0' runs backwards; write '1-4'"),
        (["-r", "1-2,x"], "'x' is neither a number nor a range such as '1-50'"),
        (["-r", ""], "is neither a number nor a range"),
        (["-r", "9" * 5000], "is neither a number nor a range"),
    ],
)
def test_options_that_cannot_be_used_are_misuse(
    command: Command, study: str, flags: list[str], said: str
) -> None:
    result = command("expand", "generate", study, *flags)

    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_who_cannot_be_served_ends_it_after_those_before(
    command: Command, folder: Path
) -> None:
    (folder / "crowded.toml").write_text(crowded())

    result = command("expand", "generate", "crowded.toml", "-r", "3-7")

    assert result.code == 1
    assert len(result.out.splitlines()) == 2
    assert "participant 5: " in result.err


def test_files_that_are_there_are_replaced(
    command: Command, study: str, folder: Path
) -> None:
    (folder / "made").mkdir()
    (folder / "made" / "study-participant_1.json").write_text("of yesterday")
    (folder / "made" / "notes.txt").write_text("mine")

    result = command("expand", "generate", study, "-i", "1", "-d", "made")

    assert result.err == "recado: 1 file written to made\n"
    assert (folder / "made" / "notes.txt").read_text() == "mine"
    made = json.loads((folder / "made" / "study-participant_1.json").read_text())
    assert [each["trials"] for each in made] == [1, 2]


def test_files_of_a_study_from_standard_in_have_a_name(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(LATIN.encode()))
    monkeypatch.setattr(sys, "stdin", stream)

    command("expand", "generate", "-", "-i", "1", "-d", "made")

    assert [file.name for file in (folder / "made").iterdir()] == [
        "study-participant_1.json"
    ]


def test_a_directory_that_is_a_file_is_misuse(
    command: Command, study: str, folder: Path
) -> None:
    (folder / "made").write_text("a file")

    result = command("expand", "generate", study, "-i", "1", "-d", "made")
    below = command("expand", "generate", study, "-i", "1", "-d", "made/deep")

    assert result.code == 2
    assert "Directory 'made' is a file" in result.err
    assert (below.code, below.err) == (1, "recado: made/deep: Not a directory\n")


def full(self: Path, content: bytes) -> int:
    """Write a part, and find the disk full, as ``Path.write_bytes`` would."""
    with self.open("wb") as file:
        file.write(content[:10])
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_leaves_no_part_of_a_file(
    command: Command, study: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("expand", "generate", study, "-r", "2", "-d", "made")
    before = {file: file.read_text() for file in (folder / "made").iterdir()}
    monkeypatch.setattr(Path, "write_bytes", full)

    result = command("expand", "generate", study, "-r", "2", "-d", "made")

    assert result.code == 1
    assert result.err == (
        "recado: made/study-participant_1.json: No space left on device\n"
    )
    assert {file: file.read_text() for file in (folder / "made").iterdir()} == before
