"""Where the sample recipes are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from recado.errors import NotFoundError
from recado_cli.samples import recipe_folder


def test_this_installation_has_the_sample_recipes() -> None:
    assert (recipe_folder() / "study.toml").is_file()


def test_the_packages_own_recipes_are_taken_first(tmp_path: Path) -> None:
    package = tmp_path / "libs" / "cli" / "recado_cli"
    for folder in (package / "recipes", tmp_path / "recipes"):
        folder.mkdir(parents=True)
        (folder / "study.json").write_text("{}")

    assert recipe_folder(package) == package / "recipes"


def test_an_installation_without_recipes_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="the sample recipes are missing"):
        recipe_folder(tmp_path / "libs" / "cli" / "recado_cli")
