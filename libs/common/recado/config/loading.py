"""Loading the settings: who gives each, and everything that is wrong at once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from recado.config.finding import CONFIG_VARIABLE, ENVIRONMENT_VARIABLE, from_files
from recado.config.given import PREFIX, Given, from_flags, from_variables, variable_of
from recado.config.secrets import shown
from recado.config.settings import FOLDERS, SETTINGS, Settings
from recado.errors import ConfigError, Problem, nearest

_INPUT: Final = re.compile(r"^Input (should be|is not)")
_NOISE: Final = re.compile(r", unable to .*| for <class .*")


def load_settings(
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    environment: str | None = None,
) -> Settings:
    """Return the settings that hold here: flag > variable > ``recado.toml`` > default.

    ``flags`` are by setting; one that is None was not given. An empty variable was not
    given either. Relative paths start from ``cwd``, those in the file from its folder.
    Without a file, a configuration of Zocalo stands in its place, if there is one.

    Raises:
        ConfigError: with every problem, each with the source that it came from.
    """
    return load_with_sources(flags, environ, cwd, environment)[0]


def load_with_sources(
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    environment: str | None = None,
) -> tuple[Settings, dict[str, str]]:
    """Return the settings as :func:`load_settings` does, and by name who gave each.

    Raises:
        ConfigError: as there.
    """
    environ = os.environ if environ is None else environ
    cwd = Path.cwd() if cwd is None else cwd.absolute()
    problems: list[Problem] = []
    given = {name: Given(Path(text), "default", cwd) for name, text in _defaults()}
    given |= from_files(environ, cwd, environment, problems)
    given |= from_variables(environ, cwd, problems)
    given |= from_flags(flags or {}, cwd, problems)
    try:
        settings = Settings(
            **cast(
                "dict[str, Any]",
                {name: it.anchored(name) for name, it in given.items()},
            )
        )
    except ValidationError as error:
        problems += [
            _problem(details, given)
            for details in error.errors()
            # What derives from a folder is not at fault if the folder is.
            if details["type"] != "default_factory_not_called"
        ]
    else:
        if not problems:
            sources = {name: it.source for name, it in given.items()}
            return settings, {name: sources.get(name, "default") for name in SETTINGS}
    raise ConfigError("\n".join(shown(str(problem)) for problem in problems))


def unknown_variables(
    environ: Mapping[str, str], known: Iterable[str] = ()
) -> list[str]:
    """Return a hint for each ``RECADO_…`` variable that nobody reads.

    ``known`` are further variables, such as those of the command's own options.
    """
    names = {*map(variable_of, SETTINGS), CONFIG_VARIABLE, ENVIRONMENT_VARIABLE, *known}
    return [
        f"{name}: no such variable{nearest(name, names)}"
        for name in sorted(environ.keys() - names - variables())
        if name.startswith(PREFIX)
    ]


def variables() -> set[str]:
    """Return the variables that settings may be given by, those of files among them."""
    return {variable_of(name) + end for name in SETTINGS for end in ("", "_FILE")}


def _defaults() -> Iterable[tuple[str, str]]:
    return (
        (name, str(field.default))
        for name in FOLDERS
        # A folder inside another one is known once that is.
        if not (field := Settings.model_fields[name]).default_factory
    )


def _problem(details: ErrorDetails, given: Mapping[str, Given]) -> Problem:
    name = str(details["loc"][0])
    source = given[name].source if name in given else name
    if details["type"] == "value_error":
        text = f"{details['msg'].removeprefix('Value error, ')} {details['input']!r}"
    else:
        wanted = _INPUT.sub("must be", _NOISE.sub("", details["msg"]))
        text = f"{wanted}, not {details['input']!r}"
    return Problem(source, text)
