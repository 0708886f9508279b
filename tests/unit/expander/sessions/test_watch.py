"""A study's file: what was written or put in its place is noticed, and offered once."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import structlog

from recado.errors import Problem
from recado.studies import Source, StudyFolder
from recado_expander.sessions.watch import Watch

LATER_NS = 10**19
"""So late that no file has changed lately."""


class Folder(StudyFolder):
    """A folder that counts what is read."""

    reads = 0

    def read(self, name: str) -> bytes:
        self.reads += 1
        return super().read(name)


@pytest.fixture
def folder(recipes: Path) -> Folder:
    return Folder(recipes)


@pytest.fixture
def file(recipes: Path) -> Path:
    return recipes / "study.toml"


def watching(folder: StudyFolder, now_ns: int = LATER_NS) -> Watch:
    return Watch(folder, structlog.get_logger(), lambda: now_ns)


def digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


def texts(watch: Watch, file: Path) -> list[str]:
    """Return the problems of what cannot be used now."""
    return [it.text for it in watch.refused.problems] if watch.refused else []


def refuse(watch: Watch, source: Source | None) -> None:
    assert source is not None
    watch.refuse(source, [Problem("order", "is broken")])


def test_a_file_that_is_as_it_was_is_read_once(folder: Folder, file: Path) -> None:
    watch = watching(folder)

    assert [watch.look("study.toml", digest(file)) for _ in range(3)] == [None] * 3
    assert folder.reads == 1


def test_a_file_that_has_just_changed_is_read_again(folder: Folder, file: Path) -> None:
    now_ns = file.stat().st_ctime_ns + 500_000_000
    watch = watching(folder, now_ns)

    assert [watch.look("study.toml", digest(file)) for _ in range(3)] == [None] * 3
    assert folder.reads == 3


@pytest.mark.parametrize("is_renamed", [True, False])
def test_a_new_text_is_offered(folder: Folder, file: Path, is_renamed: bool) -> None:
    watch = watching(folder)
    known = digest(file)
    watch.look("study.toml", known)
    written = file.with_name("new") if is_renamed else file
    written.write_text("# new")
    if is_renamed:
        os.replace(written, file)

    source = watch.look("study.toml", known)

    assert source == Source.of("study.toml", b"# new")


def test_a_text_of_the_same_size_and_time_is_noticed(
    folder: Folder, file: Path
) -> None:
    watch = watching(folder)
    known, times = digest(file), file.stat()
    watch.look("study.toml", known)
    file.write_text(file.read_text().replace("x = 1", "x = 2"))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert file.stat().st_size == times.st_size
    assert watch.look("study.toml", known) is not None


def test_what_is_offered_and_not_taken_is_offered_again(
    folder: Folder, file: Path
) -> None:
    watch = watching(folder)

    assert watch.look("study.toml", "other") == watch.look("study.toml", "other")


def test_a_text_that_was_taken_is_not_put_back_in_the_place_of_a_newer_one(
    folder: Folder, file: Path
) -> None:
    watch = watching(folder)
    assert watch.look("study.toml", digest(file)) is None

    # Another instance, whose folder is ahead, has had the session go by a newer text.
    assert watch.look("study.toml", "newer") is None
    file.touch()
    assert watch.look("study.toml", "newer") is None


def test_a_broken_text_is_refused_once_until_it_is_another_one(
    folder: Folder, file: Path, logged: list[Any]
) -> None:
    watch = watching(folder)
    known = digest(file)
    good = file.read_text()
    file.write_text("broken")
    refuse(watch, watch.look("study.toml", known))

    assert watch.look("study.toml", known) is None
    file.touch()
    assert watch.look("study.toml", known) is None
    assert texts(watch, file) == ["is broken"]

    file.write_text(good)
    assert watch.look("study.toml", known) is None
    assert watch.refused is None
    assert [it["event"] for it in logged] == ["experiment.refused"]


def test_half_a_text_is_followed_by_the_whole(folder: Folder, file: Path) -> None:
    watch = watching(folder)
    known = digest(file)
    file.write_text("half")
    refuse(watch, watch.look("study.toml", known))
    file.write_text("half and half")

    assert watch.look("study.toml", known) == Source.of("study.toml", b"half and half")


@pytest.mark.parametrize("is_there", [True, False])
def test_whoever_is_offered_a_new_text_is_told_of_no_former_trouble(
    folder: Folder, file: Path, is_there: bool
) -> None:
    watch = watching(folder)
    known = digest(file)
    if is_there:
        file.write_text("half")
        refuse(watch, watch.look("study.toml", known))
    else:
        file.unlink()
        watch.look("study.toml", known)
    file.write_text("whole")

    assert watch.look("study.toml", known) == Source.of("study.toml", b"whole")
    assert watch.refused is None


def test_a_file_that_is_gone_is_told_of_once_and_taken_up_again(
    folder: Folder, file: Path, logged: list[Any]
) -> None:
    watch = watching(folder)
    known = digest(file)
    text = file.read_text()
    file.unlink()

    assert [watch.look("study.toml", known) for _ in range(3)] == [None] * 3
    assert texts(watch, file) == ["cannot be read: No such file or directory"]
    assert [it["event"] for it in logged] == ["experiment.refused"]

    file.write_text(text)
    assert watch.look("study.toml", known) is None
    assert watch.refused is None


def test_a_broken_file_that_was_away_is_still_broken(
    folder: Folder, file: Path
) -> None:
    watch = watching(folder)
    file.write_text("broken")
    refuse(watch, watch.look("study.toml", "known"))
    file.rename(file.with_name("aside"))
    watch.look("study.toml", "known")
    file.with_name("aside").rename(file)

    assert watch.look("study.toml", "known") is None
    assert texts(watch, file) == ["is broken"]


def test_a_link_out_of_the_folder_is_not_read(folder: Folder, file: Path) -> None:
    watch = watching(folder)
    file.unlink()
    file.symlink_to("/etc/hostname")

    assert watch.look("study.toml", "known") is None
    assert "leaves the folder" in texts(watch, file)[0]


@pytest.mark.parametrize("name", ["text", "reading@1.2"])
def test_what_is_no_path_is_not_looked_for(folder: Folder, name: str) -> None:
    watch = watching(folder)

    assert watch.look(name, "known") is None
    assert (folder.reads, watch.refused) == (0, None)


def test_of_another_file_nothing_is_remembered(folder: Folder, file: Path) -> None:
    watch = watching(folder)
    file.write_text("broken")
    refuse(watch, watch.look("study.toml", "known"))
    other = file.with_name("other.toml")
    other.write_text("broken")

    assert watch.look("other.toml", "known") == Source.of("other.toml", b"broken")
    assert watch.refused is None
