"""Where the recipes that come with recado are."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path
from typing import Final

from recado.errors import NotFoundError

SAMPLES: Final = "'recado recipe samples' makes it, with recipes to begin with"
"""What to do if there is no recipe folder."""


def recipe_folder(package: Path | None = None) -> Path:
    """Return the folder of the sample recipes: in the package, or beside the sources.

    Raises:
        NotFoundError: if this installation has none.
    """
    package = package or Path(str(files("recado_cli")))
    # libs/cli/recado_cli, three folders below the recipes', where recado is developed.
    for folder in (package / "recipes", package.parents[2] / "recipes"):
        if (folder / "study.json").is_file():
            return folder
    raise NotFoundError(
        f"the sample recipes are missing: there is no {package}/recipes"
    )


def copy_samples(target: Path) -> list[str]:
    """Copy the sample recipes to a folder, and return the names of the files copied.

    A file that is there already is left alone.
    """
    target.mkdir(parents=True, exist_ok=True)
    new = [
        file
        for file in sorted(recipe_folder().iterdir())
        if file.is_file() and not (target / file.name).exists()
    ]
    for file in new:
        shutil.copyfile(file, target / file.name)
    return [file.name for file in new]
