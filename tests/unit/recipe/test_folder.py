"""Recipes by name: what a folder offers, and what it refuses to open."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from recado.errors import NotFoundError, RecipeError
from recado.recipe import Recipe, RecipeFolder, check_name

TEXT = '{"1": {"queue": "%s"}, "start": [[1, []]]}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "recipes"
    path.mkdir()
    (path / "study.json").write_text(TEXT % "study")
    (path / "other-2.json").write_text(TEXT % "other")
    return path


def test_a_recipe_is_loaded_by_its_name(folder: Path) -> None:
    recipes = RecipeFolder(folder)

    assert recipes.load("study") == Recipe.read(TEXT % "study")
    assert RecipeFolder(str(folder)).load("other-2").step(1).queue == "other"


def test_names_are_those_of_files_that_can_be_loaded(folder: Path) -> None:
    (folder / "sub.json").mkdir()
    (folder / "notes.txt").touch()
    (folder / ".hidden.json").touch()
    (folder / "two words.json").touch()
    (folder / "out.json").symlink_to(folder.parent / "elsewhere.json")
    (folder.parent / "elsewhere.json").write_text(TEXT % "elsewhere")

    assert RecipeFolder(folder).names() == ["other-2", "study"]


def test_a_name_that_is_not_there_gets_the_nearest(folder: Path) -> None:
    text = r"no recipe 'stdy' in .*; did you mean 'study'\? known: other-2, study"

    with pytest.raises(NotFoundError, match=text):
        RecipeFolder(folder).load("stdy")


def test_a_folder_that_is_not_there_has_no_recipes(tmp_path: Path) -> None:
    recipes = RecipeFolder(tmp_path / "nowhere")

    assert recipes.names() == []
    with pytest.raises(NotFoundError, match=r"there is no folder .*nowhere"):
        recipes.load("study")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../recipes/study",
        "/etc/passwd",
        "a/b",
        "a\\b",
        "study\n",
        "study\0",
        "-s",
        ".hidden",
        "é",
        "a b",
        "x" * 129,
    ],
)
def test_a_name_that_could_be_a_path_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(
        RecipeError, match=r"recipe name .*: a name has 1 to 128 letters"
    ):
        check_name(name)
    with pytest.raises(RecipeError):
        RecipeFolder(folder).load(name)


@pytest.mark.parametrize("name", ["study", "a", "_x", "0", "per_image-2.1", "x" * 128])
def test_a_plain_name_is_a_name(name: str) -> None:
    assert check_name(name) == name


def link_to_a_file(folder: Path) -> None:
    (folder.parent / "secret.json").write_text(TEXT % "secret")
    (folder / "bad.json").symlink_to(folder.parent / "secret.json")


def link_to_nothing_outside(folder: Path) -> None:
    (folder / "bad.json").symlink_to("../nothing.json")


def link_in_circles(folder: Path) -> None:
    (folder / "bad.json").symlink_to("bad.json")


@pytest.mark.parametrize(
    "prepare", [link_to_a_file, link_to_nothing_outside, link_in_circles]
)
def test_a_link_that_leaves_the_folder_is_not_followed(
    folder: Path, prepare: Callable[[Path], None]
) -> None:
    prepare(folder)

    with pytest.raises(RecipeError, match=r"recipe bad\.json: is a link that leaves"):
        RecipeFolder(folder).load("bad")


def test_a_link_inside_the_folder_is_followed(folder: Path) -> None:
    (folder / "..data").mkdir()
    (folder / "study.json").rename(folder / "..data" / "study.json")
    (folder / "study.json").symlink_to("..data/study.json")
    recipes = RecipeFolder(folder)

    assert recipes.names() == ["other-2", "study"]
    assert recipes.load("study").step(1).queue == "study"


def test_a_folder_that_is_a_link_itself_is_fine(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)

    assert RecipeFolder(link).load("study").step(1).queue == "study"


def make_folder(path: Path) -> None:
    path.mkdir()


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make", [make_folder, make_pipe])
def test_what_is_no_file_is_not_opened(
    folder: Path, make: Callable[[Path], None]
) -> None:
    make(folder / "bad.json")

    with pytest.raises(RecipeError, match=r"recipe bad\.json: is not a file"):
        RecipeFolder(folder).load("bad")


def test_a_file_that_cannot_be_read_is_a_recipe_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)

    with pytest.raises(RecipeError, match="cannot be read: Permission denied"):
        RecipeFolder(folder).load("study")


def test_a_file_that_is_too_large_is_not_read(folder: Path) -> None:
    with (folder / "big.json").open("wb") as file:
        file.truncate(10 * 2**20 + 1)

    with pytest.raises(
        RecipeError, match=r"recipe big\.json: larger than 10485760 bytes"
    ):
        RecipeFolder(folder).load("big")


def test_the_problems_of_a_file_come_with_its_name(folder: Path) -> None:
    (folder / "bad.json").write_text('{"1": {"queue": "a", "output": 2}}')

    with pytest.raises(RecipeError, match=r"^recipe bad\.json: ") as caught:
        RecipeFolder(folder).load("bad")

    assert [problem.path for problem in caught.value.problems] == ["start", "1.output"]


def test_a_file_is_read_again_when_it_has_changed(folder: Path) -> None:
    recipes = RecipeFolder(folder)
    first = recipes.load("study")
    assert recipes.load("study") is first

    (folder / "new").write_text(TEXT % "changed")
    (folder / "new").replace(folder / "study.json")

    assert recipes.load("study").step(1).queue == "changed"


@pytest.fixture
def versions(folder: Path) -> RecipeFolder:
    for version in ("1.2", "1.10", "1.9", "2"):
        (folder / f"study@{version}.json").write_text(TEXT % version)
    (folder / "old@0.1.json").write_text(TEXT % "0.1")
    (folder / "old@0.2.json").write_text(TEXT % "0.2")
    return RecipeFolder(folder)


@pytest.mark.parametrize(
    ("name", "queue"),
    [
        ("study", "study"),
        ("study@1.2", "1.2"),
        ("study@1", "1.10"),
        ("study@2", "2"),
        ("old", "0.2"),
        ("old@0", "0.2"),
        ("old@0.1", "0.1"),
    ],
)
def test_a_version_is_named_behind_an_at_sign(
    versions: RecipeFolder, name: str, queue: str
) -> None:
    assert versions.load(name).step(1).queue == queue


def test_the_versions_are_listed(versions: RecipeFolder) -> None:
    assert versions.names() == [
        "old@0.1",
        "old@0.2",
        "other-2",
        "study",
        "study@1.10",
        "study@1.2",
        "study@1.9",
        "study@2",
    ]


@pytest.mark.parametrize("name", ["study@3", "study@1.3", "other-2@1", "old@1"])
def test_a_version_that_is_not_there_is_not_found(
    versions: RecipeFolder, name: str
) -> None:
    with pytest.raises(NotFoundError, match=rf"no recipe {name!r} in .*; known: |mean"):
        versions.load(name)


def test_the_plain_file_may_say_which_version_it_is(
    folder: Path, versions: RecipeFolder
) -> None:
    text = '{"version": "1.11", "1": {"queue": "plain"}, "start": [[1, []]]}'
    (folder / "study.json").write_text(text)

    for name in ("study", "study@1", "study@1.11"):
        assert versions.load(name).step(1).queue == "plain"
    assert versions.load("study@1.10").step(1).queue == "1.10"


def test_a_file_named_after_a_version_goes_before_one_that_says_it_is_that(
    folder: Path, versions: RecipeFolder
) -> None:
    text = '{"version": "1.10", "1": {"queue": "plain"}, "start": [[1, []]]}'
    (folder / "study.json").write_text(text)

    assert versions.load("study@1.10").step(1).queue == "1.10"
    assert versions.load("study@1").step(1).queue == "1.10"


def test_a_file_that_says_it_is_another_version_is_refused(folder: Path) -> None:
    text = '{"version": "1.3", "1": {"queue": "a"}, "start": [[1, []]]}'
    (folder / "new@1.2.json").write_text(text)

    with pytest.raises(
        RecipeError, match=r"recipe new@1\.2\.json: version: says that it is .*'1\.3'"
    ):
        RecipeFolder(folder).load("new@1.2")


def test_a_broken_plain_file_does_not_hide_the_versions(
    folder: Path, versions: RecipeFolder
) -> None:
    (folder / "study.json").write_text("{")

    assert versions.load("study@1").step(1).queue == "1.10"
    with pytest.raises(RecipeError, match=r"recipe study\.json: not JSON"):
        versions.load("study@3")


@pytest.mark.parametrize(
    "name", ["study@", "study@x", "study@1@2", "study@../1", "@1", "study@1.", "a/b@1"]
)
def test_a_version_that_could_be_a_path_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(RecipeError, match=r"may end with a version such as '@1\.2'"):
        RecipeFolder(folder).load(name)


def test_a_link_that_leaves_the_folder_is_no_version_either(folder: Path) -> None:
    (folder.parent / "secret.json").write_text(TEXT % "secret")
    (folder / "bad@1.2.json").symlink_to(folder.parent / "secret.json")

    for name in ("bad", "bad@1", "bad@1.2"):
        with pytest.raises(RecipeError, match="is a link that leaves"):
            RecipeFolder(folder).load(name)
