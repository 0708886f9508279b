"""Where settings are found that neither a flag nor a variable gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from recado.config.document import read_file
from recado.config.given import Given
from recado.config.settings import SETTINGS
from recado.errors import ConfigError, Problem, ProblemsError, nearest

FILE: Final = "recado.toml"
CONFIG_VARIABLE: Final = "RECADO_CONFIG"
ENVIRONMENT_VARIABLE: Final = "RECADO_ENV"
ZOCALO_VARIABLE: Final = "ZOCALO_CONFIG"


def from_files(
    environ: Mapping[str, str],
    cwd: Path,
    environment: str | None,
    problems: list[Problem],
) -> dict[str, Given]:
    """Return what the file gives, or a configuration of Zocalo where there is none."""
    named = environ.get(CONFIG_VARIABLE)
    chosen = environment or environ.get(ENVIRONMENT_VARIABLE) or ""
    chooser = "--env" if environment else ENVIRONMENT_VARIABLE
    path = cwd / Path(named or FILE).expanduser()
    if not named and not path.is_file():
        if configuration := environ.get(ZOCALO_VARIABLE):
            return _from_zocalo(cwd / configuration, environ, chosen, cwd, problems)
        if chosen:
            wrong = f"no environment {chosen!r}, since there is no {FILE} in {cwd}"
            problems.append(Problem(chooser, wrong))
        return {}
    file = read_file(path, CONFIG_VARIABLE if named else FILE, problems)
    if file is None:
        return {}
    tables = file.tables(problems)
    if chosen and f"environment.{chosen}" not in tables:
        names = [it.removeprefix("environment.") for it in tables if it != "default"]
        hint = nearest(chosen, names)
        problems.append(Problem(chooser, f"no environment {chosen!r}{hint}"))
    return {
        name: Given(value, file.place(table, name), path.parent)
        for table in ("default", f"environment.{chosen}")
        for name, value in tables.get(table, {}).items()
        if name in SETTINGS
    }


def _from_zocalo(
    path: Path,
    environ: Mapping[str, str],
    chosen: str,
    cwd: Path,
    problems: list[Problem],
) -> dict[str, Given]:
    # Reading YAML costs time, and hardly anybody needs it.
    from recado.zocalo import ENVIRONMENT_VARIABLE as OTHERWISE
    from recado.zocalo import zocalo_settings

    try:
        told = zocalo_settings(path, chosen, environ.get(OTHERWISE, ""))
    except ProblemsError as error:
        problems += [
            Problem(f"{path.name}: {it.path}" if it.path else path.name, it.text)
            for it in error.problems
        ]
        return {}
    except ConfigError as error:
        problems.append(Problem(ZOCALO_VARIABLE, str(error)))
        return {}
    return {it.name: Given(it.value, it.source, cwd) for it in told}
