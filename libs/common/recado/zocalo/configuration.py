"""Zocalo's configuration: blocks, each for one plug-in, and environments made of them.

The rules are Zocalo's; ``include``, which it refuses, is carried out: what a file says
stands before what the files that it includes say, and a later one's before an earlier's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from recado.disk import read_text
from recado.errors import ConfigError, Problem, SchemaError, nearest
from recado.zocalo.environments import environments_of
from recado.zocalo.including import Block, Files, faults
from recado.zocalo.yaml import as_table, read_yaml

VARIABLE: Final = "ZOCALO_CONFIG"
"""The variable that names the file."""
ENVIRONMENT_VARIABLE: Final = "ZOCALO_DEFAULT_ENV"
DEFAULT: Final = "default"
"""The environment that holds if nobody chooses one."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A file and all that it includes."""

    path: Path
    blocks: Mapping[str, Block]
    environments: Mapping[str, tuple[str, ...]]
    """By name: the names of the blocks, in the order in which they are activated."""

    def chosen(self, names: Iterable[str], otherwise: str = "") -> tuple[str, ...]:
        """Return the environments that hold: those named, else another, else ``default``.

        Raises:
            ConfigError: for one that is not defined.
        """
        found = tuple(names) or ((otherwise,) if otherwise else ())
        for name in found:
            if name not in self.environments:
                hint = nearest(name, self.environments)
                raise ConfigError(f"{self.path}: no environment {name!r}{hint}")
        return found or ((DEFAULT,) if DEFAULT in self.environments else ())


def read_configuration(path: Path) -> Configuration:
    """Return what a configuration says; blocks in files of their own are not read yet.

    Raises:
        ConfigError: if the file cannot be read.
        SchemaError: with everything that is wrong in it, each with its place.
    """
    files = Files()
    layer = files.read(path)
    environments = environments_of(layer.environments, layer.blocks, files.problems)
    if files.problems:
        raise SchemaError(str(path), files.problems)
    return Configuration(path, layer.blocks, environments)


def resolved(block: Block) -> Mapping[str, Any]:
    """Return what a block says; its file is read now, if it is in one.

    Raises:
        SchemaError: if the file cannot be read, or what it says is no block.
    """
    if not isinstance(block.content, Path):
        return block.content
    try:
        text = read_text(block.content)
    except ConfigError as error:
        raise SchemaError(block.place, [Problem("", str(error))]) from error
    content = read_yaml(text, f"{block.place}: {block.content.name}")
    if problems := faults(content, ""):
        raise SchemaError(f"{block.place}: {block.content.name}", problems)
    return as_table(content) or {}
