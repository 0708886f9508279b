"""The files of a configuration: one, and all that it includes, put over one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from recado.disk import read_text
from recado.errors import ConfigError, Problem, ProblemsError, SchemaError
from recado.validation import validated
from recado.zocalo.plugins import PLUGINS, SECRET, Plugin
from recado.zocalo.yaml import as_table, as_texts, read_yaml

VERSION: Final = 1
RESERVED: Final = ("version", "environments", "include")
"""Keys that are no blocks."""
DEEPEST: Final = 50


@dataclass(frozen=True, slots=True)
class Block:
    """What one plug-in is given: at once, or in a file that is read when it is needed."""

    name: str
    place: str
    content: Mapping[str, Any] | Path = field(repr=False)


@dataclass(slots=True)
class Layer:
    """What a file says, put over what those say that it includes."""

    blocks: dict[str, Block] = field(default_factory=dict[str, Block])
    environments: dict[str, tuple[str, object]] = field(
        default_factory=dict[str, tuple[str, object]]
    )
    """By name: the place, and what is said there."""

    def add(self, other: Layer) -> None:
        """Put another one over this one."""
        self.blocks |= other.blocks
        self.environments |= other.environments


@dataclass(slots=True)
class Files:
    """Puts files over one another, each once, though many may include it."""

    problems: list[Problem] = field(default_factory=list[Problem])
    _known: dict[Path, Layer] = field(default_factory=dict[Path, Layer])

    def read(
        self, path: Path, place: str = "", including: tuple[Path, ...] = ()
    ) -> Layer:
        """Return what a file and those that it includes say; note what is wrong.

        Raises:
            ConfigError, SchemaError: if the first file of all cannot be read.
        """
        try:
            document = _document(path)
        except (ConfigError, SchemaError) as error:
            if not including:
                raise
            self.problems += _included_fault(error, place)
            return Layer()
        real = path.resolve()
        if real in including or len(including) > DEEPEST:
            deep = f"files include each other more than {DEEPEST} deep"
            text = f"{path.name} includes itself" if real in including else deep
            self.problems.append(Problem(place, text))
            return Layer()
        if real in self._known:
            return self._known[real]
        prefix = f"{path.name}: " if including else ""
        self._check_version(document, prefix)
        layer = self._known[real] = Layer()
        for index, name in enumerate(self._included(document, prefix)):
            where = f"{prefix}include[{index}]"
            layer.add(self.read(_file(path.parent, name), where, (*including, real)))
        self._add_environments(layer, document, prefix)
        for name, said in document.items():
            if name not in RESERVED:
                self._add_block(layer, name, said, prefix, path.parent)
        return layer

    def _check_version(self, document: Mapping[str, Any], prefix: str) -> None:
        version = document.get("version")
        if version is None:
            text = f"is missing; it must be {VERSION}"
        elif version is True or version != VERSION:
            text = f"must be {VERSION}, not {version!r}"
        else:
            return
        self.problems.append(Problem(f"{prefix}version", text))

    def _included(self, document: Mapping[str, Any], prefix: str) -> list[str]:
        names = as_texts(document.get("include") or [])
        if names is None:
            text = "must be a list of files' names"
            self.problems.append(Problem(f"{prefix}include", text))
        return names or []

    def _add_environments(
        self, layer: Layer, document: Mapping[str, Any], prefix: str
    ) -> None:
        said = as_table(document.get("environments") or {})
        if said is None:
            self.problems.append(Problem(f"{prefix}environments", "must be a table"))
        for name, content in (said or {}).items():
            layer.environments[name] = (f"{prefix}environments.{name}", content)

    def _add_block(
        self, layer: Layer, name: str, said: object, prefix: str, folder: Path
    ) -> None:
        place = f"{prefix}{name}"
        if isinstance(said, str):
            layer.blocks[name] = Block(name, place, _file(folder, said))
            return
        self.problems += faults(said, place)
        layer.blocks[name] = Block(name, place, as_table(said) or {})


def faults(content: object, place: str) -> list[Problem]:
    """Return what is wrong with what a block says; never the value of a secret."""
    table = as_table(content)
    if table is None:
        text = "must be a table with the key 'plugin', or the path of a file with one"
        return [Problem(place, text)]
    plugin = table.get("plugin")
    model = PLUGINS.get(plugin, Plugin) if isinstance(plugin, str) else Plugin
    try:
        validated(model, table, "block", place)
    except ProblemsError as error:
        return [_discreet(problem, place) for problem in error.problems]
    return []


def _discreet(problem: Problem, place: str) -> Problem:
    """Return a problem without the value, if that is a secret, or has one in it."""
    if problem.path != place and problem.path.rpartition(".")[2] not in SECRET:
        return problem
    return Problem(problem.path, problem.text.partition(", not ")[0])


def _file(folder: Path, name: str) -> Path:
    """Return the file that a name in a folder's configuration means."""
    path = Path(name)
    with suppress(RuntimeError):  # nobody has such a home; then there is no such file
        path = path.expanduser()
    return folder / path


def _document(path: Path) -> dict[str, Any]:
    document = as_table(read_yaml(read_text(path), str(path)))
    if document is None:
        raise SchemaError(str(path), [Problem("", "must be a table")])
    return document


def _included_fault(error: ConfigError | SchemaError, place: str) -> Iterable[Problem]:
    if isinstance(error, ConfigError):
        return [Problem(place, str(error))]
    return [Problem(f"{place}: {error.what}", str(it)) for it in error.problems]
