"""What a setting was given: the value, by whom, and where its paths start from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recado.config.settings import FOLDERS, SETTINGS, URLS, in_url
from recado.disk import read_text
from recado.errors import ConfigError, Problem, nearest

PREFIX: Final = "RECADO_"
_RELATIVE_SQLITE: Final = re.compile(r"^sqlite:///(?!/|:memory:)(?=[^?])")


@dataclass(frozen=True, slots=True)
class Given:
    """A value, who gave it, and the folder that a relative path in it starts from."""

    value: object
    source: str
    folder: Path

    def anchored(self, name: str) -> object:
        """Return the value for a setting, with its relative paths made absolute."""
        if name in FOLDERS and isinstance(self.value, str | Path):
            return self.folder / Path(self.value).expanduser()
        if name in URLS and isinstance(self.value, str):
            folder = in_url(self.folder)
            return _RELATIVE_SQLITE.sub(lambda _: f"sqlite:///{folder}/", self.value)
        return self.value


def from_flags(
    flags: Mapping[str, object], cwd: Path, problems: list[Problem]
) -> dict[str, Given]:
    """Return what flags give, by setting; note those that are no setting's."""
    found: dict[str, Given] = {}
    for name, value in flags.items():
        flag = f"--{name.replace('_', '-')}"
        if name not in SETTINGS:
            problems.append(Problem(flag, f"no such setting{nearest(name, SETTINGS)}"))
        elif value is not None:
            found[name] = Given(value, flag, cwd)
    return found


def from_variables(
    environ: Mapping[str, str], cwd: Path, problems: list[Problem]
) -> dict[str, Given]:
    """Return what variables give, or the files that they name; note what is wrong."""
    found: dict[str, Given] = {}
    for name in SETTINGS:
        variable = variable_of(name)
        value, path = environ.get(variable), environ.get(f"{variable}_FILE")
        if value and path:
            text = f"set, and {variable}_FILE as well; give one of them"
            problems.append(Problem(variable, text))
        elif value:
            found[name] = Given(value, variable, cwd)
        elif path:
            variable = f"{variable}_FILE"
            content = text_of(cwd / path, variable, problems)
            if content is not None:
                found[name] = Given(content.strip(), variable, cwd)
    return found


def variable_of(name: str) -> str:
    """Return the variable that a setting may be given by."""
    return f"{PREFIX}{name.upper()}"


def text_of(path: Path, source: str, problems: list[Problem]) -> str | None:
    """Return what a file holds; note it if it cannot be read."""
    try:
        return read_text(path.expanduser())
    except ConfigError as error:
        problems.append(Problem(source, str(error)))
        return None
