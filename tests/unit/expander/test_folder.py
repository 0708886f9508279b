"""Studies are read from the folder, and from nowhere else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recado.errors import NotFoundError
from recado_expander.folder import MAX_SIZE, StudyFolder, UnusableError


@pytest.fixture
def folder(recipes: Path) -> StudyFolder:
    return StudyFolder(recipes)


def test_a_file_below_the_folder_is_read(folder: StudyFolder) -> None:
    below = folder.path / "pilots"
    below.mkdir()
    (below / "a.toml").write_bytes(b"x = 1")

    assert folder.read("pilots/a.toml") == b"x = 1"


def test_a_link_within_the_folder_is_followed(folder: StudyFolder) -> None:
    (folder.path / "alias.toml").symlink_to("study.toml")

    assert folder.read("alias.toml") == folder.read("study.toml")


def test_an_unknown_file_is_answered_with_the_nearest(folder: StudyFolder) -> None:
    (folder.path / "not a name.toml").touch()

    with pytest.raises(NotFoundError, match=r"no study 'stduy.toml' in ") as caught:
        folder.read("stduy.toml")

    assert str(caught.value).endswith("did you mean 'study.toml'? known: study.toml")


def test_a_file_is_no_folder(folder: StudyFolder) -> None:
    with pytest.raises(NotFoundError):
        folder.read("study.toml/a.toml")


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"there is no folder .*gone"):
        StudyFolder(tmp_path / "gone").read("a.toml")


def test_a_link_that_leaves_the_folder_is_refused(folder: StudyFolder) -> None:
    outside = folder.path.parent / "secret.toml"
    outside.touch()
    (folder.path / "file.toml").symlink_to(outside)
    (folder.path / "up").symlink_to("..")

    for name in ("file.toml", "up/secret.toml"):
        with pytest.raises(UnusableError, match="a link that leaves the folder"):
            folder.read(name)


def test_links_in_a_circle_are_refused(folder: StudyFolder) -> None:
    (folder.path / "a.toml").symlink_to("b.toml")
    (folder.path / "b.toml").symlink_to("a.toml")

    with pytest.raises(UnusableError, match="or leads nowhere"):
        folder.read("a.toml")


@pytest.mark.parametrize("path", ["../secret.toml", "/etc/passwd", "a/../study.toml"])
def test_a_path_that_is_none_is_refused_even_unchecked(
    folder: StudyFolder, path: str
) -> None:
    with pytest.raises(UnusableError):
        folder.read(path)


def test_a_directory_and_a_pipe_are_not_files(folder: StudyFolder) -> None:
    (folder.path / "directory.toml").mkdir()
    os.mkfifo(folder.path / "pipe.toml")

    for name in ("directory.toml", "pipe.toml"):
        with pytest.raises(UnusableError, match="is not a file"):
            folder.read(name)


def test_a_file_of_more_than_ten_mebibytes_is_refused(folder: StudyFolder) -> None:
    with (folder.path / "large.toml").open("wb") as stream:
        stream.truncate(MAX_SIZE)

    assert len(folder.read("large.toml")) == MAX_SIZE

    with (folder.path / "large.toml").open("ab") as stream:
        stream.write(b"#")

    with pytest.raises(UnusableError, match="larger than 10485760 bytes"):
        folder.read("large.toml")


def test_a_file_that_cannot_be_opened_now_is_an_error_that_may_pass(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "open", fail)

    with pytest.raises(OSError, match="Input/output error"):
        folder.read("study.toml")
