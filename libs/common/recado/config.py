"""Configuration: flag before variable before file before default, and who said what.

``recado.toml`` has a table ``[default]`` and any number of ``[environment.NAME]``, of
which one is chosen by flag or by ``RECADO_ENV``. Each setting has a variable of its own,
``RECADO_GRACE_S`` for ``grace_s``; with ``_FILE`` behind it, it names a file to be read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast

import tomli
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from recado.errors import ConfigError, Problem, ProblemsError, nearest

FILE: Final = "recado.toml"
PREFIX: Final = "RECADO_"
CONFIG_VARIABLE: Final = "RECADO_CONFIG"
ENVIRONMENT_VARIABLE: Final = "RECADO_ENV"
ZOCALO_VARIABLE: Final = "ZOCALO_CONFIG"
BROKER_SCHEMES: Final = ("sqlite", "amqp", "amqps", "stomp", "stomp+ssl")
STORE_SCHEMES: Final = ("sqlite", "postgresql")
MANAGEMENT_SCHEMES: Final = ("http", "https")
SMTP_SCHEMES: Final = ("smtp", "smtps")

_PASSWORD: Final = re.compile(r"(://[^:/?#@\s]*:)[^\s\"'<>]*@")
_SECRET: Final = re.compile(r"(?i)([?&](?:\w*password|secret|token)=)[^&\s\"'<>]+")
_INPUT: Final = re.compile(r"^Input (should be|is not)")
_NOISE: Final = re.compile(r", unable to .*| for <class .*")
_HEADER: Final = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")
_ASSIGNED: Final = re.compile(r"\s*([\w.\"-]+)\s*=")
_RELATIVE_SQLITE: Final = re.compile(r"^sqlite:///(?!/|:memory:)(?=[^?])")


def shown(url: str) -> str:
    """Return a URL, or a text with URLs in it, fit to be shown: without passwords."""
    return _SECRET.sub(r"\1***", _PASSWORD.sub(r"\1***@", url))


def _database(folder: Path, name: str) -> str:
    return f"sqlite:///{_in_url(folder)}/{name}"


def _in_url(folder: Path) -> str:
    """Return a folder as a URL's path: only what would end or change it is escaped."""
    return str(folder).replace("%", "%25").replace("?", "%3F")


def _lowered(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _listed(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [name.strip() for name in value.split(",") if name.strip()]


def _is_url_of(schemes: Sequence[str]) -> BeforeValidator:
    def check(value: object) -> object:
        if not isinstance(value, str):
            return value
        scheme, mark, _ = value.partition("://")
        if not mark:
            raise ValueError(f"must be a URL, such as {schemes[0]}:///…, not")
        if scheme not in schemes:
            hint = nearest(scheme, schemes)
            raise ValueError(f"unknown scheme {scheme!r}{hint}; in")
        return value

    return BeforeValidator(check)


class Settings(BaseModel):
    """What every process of an installation has to know; made once, at the start."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Path = Field(
        default=Path(".recado"),
        description="Folder for what recado keeps on this host",
    )
    recipes: Path = Field(
        default=Path("recipes"),
        description="Folder of the recipes that are started by name",
    )
    outputs: Path = Field(
        default=Path("outputs"),
        description="Folder that sinks may write files in, and no other",
    )
    broker: Annotated[str, _is_url_of(BROKER_SCHEMES)] = Field(
        default_factory=lambda known: _database(known["state"], "broker.db"),
        description="The broker's URL; its scheme says which kind it is",
    )
    store: Annotated[str, _is_url_of(STORE_SCHEMES)] = Field(
        default_factory=lambda known: _database(known["state"], "events.db"),
        description="The event store's database, as a URL",
    )
    smtp: Annotated[str | None, _is_url_of(SMTP_SCHEMES)] = Field(
        default=None,
        description="The mail server's URL: smtp://USER:PASSWORD@HOST:PORT",
    )
    mail_from: str | None = Field(
        default=None,
        description="The sender of mails that name none; recado at this host if unset",
    )
    drop: Path = Field(
        default_factory=lambda known: known["state"] / "drop",
        description="Folder of the requests that were stored while the broker was away",
    )
    purge: Path = Field(
        default=Path("DLQ"),
        description="Folder of the files that dead letters are written to",
    )
    grace_s: float = Field(
        default=30.0,
        ge=0,
        allow_inf_nan=False,
        description="Seconds that a stopping service may take to finish what it holds",
    )
    health_port: int | None = Field(
        default=None,
        ge=0,
        le=65_535,
        description="Port for health and metrics over HTTP; 0 for any, none if unset",
    )
    health_host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="The address that the health port listens at",
    )
    topology: Annotated[
        Literal["declare", "verify", "off"], BeforeValidator(_lowered)
    ] = Field(
        default="declare",
        description="Whether queues are made, only looked for, or taken for granted",
    )
    management: Annotated[str | None, _is_url_of(MANAGEMENT_SCHEMES)] = Field(
        default=None,
        description="RabbitMQ's management interface; on the broker's hosts if unset",
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], BeforeValidator(_lowered)
    ] = Field(default="info", description="The least severe level that is logged")
    log_format: Annotated[
        Literal["auto", "json", "console"], BeforeValidator(_lowered)
    ] = Field(
        default="auto",
        description="How a log line looks; auto is console on a terminal, else json",
    )
    tag: str | None = Field(
        default=None,
        max_length=200,
        description="A text that every heartbeat of a service's process carries",
    )
    filters: Annotated[tuple[str, ...] | None, BeforeValidator(_listed)] = Field(
        default=None,
        description="Filters of the dispatcher, in order; all that are installed if unset",
    )
    ready_checks: Annotated[tuple[str, ...] | None, BeforeValidator(_listed)] = Field(
        default=None,
        description="Ready checks of the dispatcher, in order; all installed if unset",
    )
    runs_per_user: int | None = Field(
        default=None,
        ge=1,
        description="Runs of one submitter at work at a time; any number if unset",
    )
    plugins: Annotated[tuple[str, ...] | None, BeforeValidator(_listed)] = Field(
        default=None,
        description="Plug-ins that may be loaded; all that are installed if unset",
    )


SETTINGS: Final = tuple(Settings.model_fields)
_FOLDERS: Final = ("drop", "state", "recipes", "outputs", "purge")
_URLS: Final = ("broker", "store")


@dataclass(frozen=True, slots=True)
class _Given:
    """A value, who gave it, and the folder that a relative path in it starts from."""

    value: object
    source: str
    folder: Path

    def anchored(self, name: str) -> object:
        if name in _FOLDERS and isinstance(self.value, str | Path):
            return self.folder / Path(self.value).expanduser()
        if name in _URLS and isinstance(self.value, str):
            folder = _in_url(self.folder)
            return _RELATIVE_SQLITE.sub(lambda _: f"sqlite:///{folder}/", self.value)
        return self.value


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
    given = {name: _Given(Path(text), "default", cwd) for name, text in _defaults()}
    given |= _from_file(environ, cwd, environment, problems)
    given |= _from_variables(environ, cwd, problems)
    given |= _from_flags(flags or {}, cwd, problems)
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
    names = {*map(_variable, SETTINGS), CONFIG_VARIABLE, ENVIRONMENT_VARIABLE, *known}
    return [
        f"{name}: no such variable{nearest(name, names)}"
        for name in sorted(environ.keys() - names - variables())
        if name.startswith(PREFIX)
    ]


def variables() -> set[str]:
    """Return the variables that settings may be given by, those of files among them."""
    return {_variable(name) + end for name in SETTINGS for end in ("", "_FILE")}


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def _defaults() -> Iterable[tuple[str, str]]:
    return (
        (name, str(field.default))
        for name in _FOLDERS
        # A folder inside another one is known once that is.
        if not (field := Settings.model_fields[name]).default_factory
    )


def _from_flags(
    flags: Mapping[str, object], cwd: Path, problems: list[Problem]
) -> dict[str, _Given]:
    found: dict[str, _Given] = {}
    for name, value in flags.items():
        flag = f"--{name.replace('_', '-')}"
        if name not in SETTINGS:
            problems.append(Problem(flag, f"no such setting{nearest(name, SETTINGS)}"))
        elif value is not None:
            found[name] = _Given(value, flag, cwd)
    return found


def _from_variables(
    environ: Mapping[str, str], cwd: Path, problems: list[Problem]
) -> dict[str, _Given]:
    found: dict[str, _Given] = {}
    for name in SETTINGS:
        variable = _variable(name)
        value, path = environ.get(variable), environ.get(f"{variable}_FILE")
        if value and path:
            text = f"set, and {variable}_FILE as well; give one of them"
            problems.append(Problem(variable, text))
        elif value:
            found[name] = _Given(value, variable, cwd)
        elif path:
            variable = f"{variable}_FILE"
            content = _text(cwd / path, variable, problems)
            if content is not None:
                found[name] = _Given(content.strip(), variable, cwd)
    return found


def _from_file(
    environ: Mapping[str, str],
    cwd: Path,
    environment: str | None,
    problems: list[Problem],
) -> dict[str, _Given]:
    named = environ.get(CONFIG_VARIABLE)
    chosen = environment or environ.get(ENVIRONMENT_VARIABLE) or ""
    chooser = "--environment" if environment else ENVIRONMENT_VARIABLE
    path = cwd / Path(named or FILE).expanduser()
    if not named and not path.is_file():
        if configuration := environ.get(ZOCALO_VARIABLE):
            return _from_zocalo(cwd / configuration, environ, chosen, cwd, problems)
        if chosen:
            wrong = f"no environment {chosen!r}, since there is no {FILE} in {cwd}"
            problems.append(Problem(chooser, wrong))
        return {}
    file = _read(path, CONFIG_VARIABLE if named else FILE, problems)
    if file is None:
        return {}
    tables = file.tables(problems)
    if chosen and f"environment.{chosen}" not in tables:
        names = [it.removeprefix("environment.") for it in tables if it != "default"]
        hint = nearest(chosen, names)
        problems.append(Problem(chooser, f"no environment {chosen!r}{hint}"))
    return {
        name: _Given(value, file.place(table, name), path.parent)
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
) -> dict[str, _Given]:
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
    return {it.name: _Given(it.value, it.source, cwd) for it in told}


@dataclass(frozen=True, slots=True)
class _File:
    """A ``recado.toml``: what it says, and where it says it."""

    name: str
    text: str
    document: dict[str, Any]

    def tables(self, problems: list[Problem]) -> dict[str, dict[str, Any]]:
        """Return the tables by their full names; note what does not belong."""
        tables: dict[str, dict[str, Any]] = {}
        for name, content in self._named(problems).items():
            if isinstance(content, dict):
                tables[name] = cast("dict[str, Any]", content)
            else:
                problems.append(Problem(self.place("", name), "must be a table"))
        problems += [
            Problem(self.place(table, key), f"no such setting{nearest(key, SETTINGS)}")
            for table, content in tables.items()
            for key in content
            if key not in SETTINGS
        ]
        return tables

    def _named(self, problems: list[Problem]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in self.document.items():
            if key == "environment" and isinstance(value, dict):
                named = cast("dict[str, Any]", value)
                found |= {f"{key}.{name}": it for name, it in named.items()}
            elif key in ("default", "environment"):
                found[key] = value
            else:
                wrong = "belongs in [default] or [environment.NAME]"
                if key not in SETTINGS:
                    wrong = f"no such table{nearest(key, ['default', 'environment'])}"
                problems.append(Problem(self.place("", key), wrong))
        return found

    def place(self, table: str, key: str) -> str:
        """Return where a key stands: its full name, and the line if it is found."""
        full, current = f"{table}.{key}".lstrip("."), ""
        for number, line in enumerate(self.text.splitlines(), 1):
            match = _HEADER.match(line)
            if match:
                current = start = match[1].replace('"', "").replace(" ", "")
            elif match := _ASSIGNED.match(line):
                start = f"{current}.{match[1]}".lstrip(".").replace('"', "")
            else:
                continue
            if start == full:
                return f"{self.name}: {full} (line {number})"
        return f"{self.name}: {full}"


def _read(path: Path, source: str, problems: list[Problem]) -> _File | None:
    text = _text(path, source, problems)
    if text is None:
        return None
    try:
        return _File(path.name, text, tomli.loads(text))
    except tomli.TOMLDecodeError as error:
        problems.append(Problem(path.name, f"not TOML: {error}"))
        return None


def _text(path: Path, source: str, problems: list[Problem]) -> str | None:
    try:
        return path.expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        problems.append(Problem(source, f"cannot read {path}: {reason}"))
        return None


def _problem(details: ErrorDetails, given: Mapping[str, _Given]) -> Problem:
    name = str(details["loc"][0])
    source = given[name].source if name in given else name
    if details["type"] == "value_error":
        text = f"{details['msg'].removeprefix('Value error, ')} {details['input']!r}"
    else:
        wanted = _INPUT.sub("must be", _NOISE.sub("", details["msg"]))
        text = f"{wanted}, not {details['input']!r}"
    return Problem(source, text)
