"""Studies are read from the folder by path or name, and from nowhere else."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest

from recado.errors import NotFoundError
from recado.studies import (
    MAX_SIZE,
    Source,
    StudyFolder,
    UnusableError,
    is_path,
    is_study_name,
)


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    path = tmp_path / "recipes"
    path.mkdir()
    (path / "study.toml").write_text("plain")
    return StudyFolder(path)


@pytest.fixture
def versions(folder: StudyFolder) -> StudyFolder:
    for version in ("1.2", "1.10", "1.9", "2"):
        (folder.path / f"study@{version}.toml").write_text(version)
    return folder


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


@pytest.mark.parametrize(
    ("name", "meant", "text"),
    [
        ("study", "study", "plain"),
        ("study@1.2", "study@1.2", "1.2"),
        ("study@1", "study@1.10", "1.10"),
        ("study@2", "study@2", "2"),
    ],
)
def test_a_study_is_found_by_its_name_and_version(
    versions: StudyFolder, name: str, meant: str, text: str
) -> None:
    found = versions.find(name)

    assert found == Source(meant, text.encode(), digest_of(text))


def test_a_name_alone_is_the_newest_if_there_is_no_plain_file(
    versions: StudyFolder,
) -> None:
    (versions.path / "study.toml").unlink()

    assert versions.find("study").name == "study@2"


@pytest.mark.parametrize("text", ["plain", "1.2", "1.9", "1.10", "2"])
def test_of_the_versions_that_fit_the_one_with_the_digest_is_taken(
    versions: StudyFolder, text: str
) -> None:
    assert versions.find("study", digest_of(text)).text == text.encode()


def test_a_digest_that_no_version_has_changes_nothing(versions: StudyFolder) -> None:
    assert versions.find("study@1", digest_of("2")) == versions.find("study@1")


@pytest.mark.parametrize("name", ["stduy", "study@3", "study@1.2.3", "stduy@1.2"])
def test_an_unknown_name_is_answered_with_the_nearest(
    versions: StudyFolder, name: str
) -> None:
    with pytest.raises(NotFoundError, match=f"no study '{name}' in ") as caught:
        versions.find(name)

    assert "did you mean 'study" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["../study", "/etc/passwd", "study.toml", "a/study", "study@", ".study", ""]
)
def test_what_is_no_name_is_not_looked_for(folder: StudyFolder, name: str) -> None:
    with pytest.raises(NotFoundError):
        folder.find(name)


def test_a_name_whose_file_leaves_the_folder_is_refused(folder: StudyFolder) -> None:
    outside = folder.path.parent / "secret.toml"
    outside.touch()
    (folder.path / "file@1.2.toml").symlink_to(outside)

    with pytest.raises(UnusableError, match="a link that leaves the folder"):
        folder.find("file@1")


def test_the_names_are_those_of_the_folder_itself(versions: StudyFolder) -> None:
    (versions.path / "two words.toml").touch()
    (versions.path / "twice.toml.toml").touch()
    (versions.path / "below").mkdir()
    (versions.path / "below" / "other.toml").touch()

    assert versions.names() == [
        "study",
        "study@1.10",
        "study@1.2",
        "study@1.9",
        "study@2",
    ]


@pytest.mark.parametrize("text", ["a.toml", "a@1.2.toml", "b/a.toml", "b.c/a-1.toml"])
def test_these_are_paths_and_no_names(text: str) -> None:
    assert is_path(text)
    assert not is_study_name(text)


@pytest.mark.parametrize("text", ["a", "a@1", "a.toml@1.2", "a-b_c.d"])
def test_these_are_names_and_no_paths(text: str) -> None:
    assert is_study_name(text)
    assert not is_path(text)


def digest_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()
