"""Read the blocks of a study: variables filled in, names told apart, parents merged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from recado_experiment.blocks.variables import Variables
from recado_experiment.compat import Release
from recado_experiment.document.findings import Findings, Path, dotted
from recado_experiment.document.tables import Table, is_list, is_table, kind, shown


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a block: where in the block it is, and where in the document."""

    inside: Path
    path: Path
    value: object


@dataclass(frozen=True, slots=True)
class Block:
    """One block as it is written, with its variables filled in; ``path`` is where.

    A block that is made of ``parts`` is written where they are; of two that have the same
    key, the first counts.
    """

    path: Path
    name: str
    table: Table
    parts: tuple[Part, ...] = ()

    def written(self, inside: Path) -> tuple[int, Path]:
        """Return how many steps of a path inside are written, and where in the document."""
        found = [
            (len(part.inside) + _steps(part.value, rest), (*part.path, *rest))
            for part in self.parts or (Part((), self.path, self.table),)
            if inside[: len(part.inside)] == part.inside
            for rest in [inside[len(part.inside) :]]
        ]
        return max(found, key=lambda each: each[0])


Arrays: TypeAlias = Mapping[str, Sequence[Block | None]]
"""The blocks of each array, by its key; None for one that has no name."""


def read_arrays(
    document: Table, release: Release, variables: Variables, findings: Findings
) -> Arrays:
    """Return the blocks of all arrays, in the order in which their parents are merged."""
    if not {"blocks", "crossings"} & document.keys():
        findings.missing("blocks", document, "a study has at least one [[blocks]]")
    return {
        key: _read(document.get(key, []), release, variables, findings.at(key))
        for key in release.arrays
    }


def by_name(arrays: Arrays, findings: Findings) -> dict[str, Block]:
    """Return all blocks by name; report names that two of ``blocks`` have.

    An init or final block may have the name of another block. Then the last one counts.
    """
    found: dict[str, Block] = {}
    for block in all_of(arrays):
        first = found.setdefault(block.name, block)
        here = findings.at(*block.path, "name")
        text = f"{shown(block.name)} is the name of {dotted(first.path)} as well"
        if first is not block and {block.path[0], first.path[0]} == {"blocks"}:
            here.add(text)
            continue
        if not _is_same(block.table, first.table):
            here.warn(f"{text}; this block stands for both")
        found[block.name] = block
    return found


def all_of(arrays: Arrays) -> list[Block]:
    """Return the blocks of all arrays."""
    return [block for array in arrays.values() for block in array if block]


def check_config(table: Table, findings: Findings) -> None:
    """Report a block that has no config, and none to inherit."""
    if {"config", "extends"} & table.keys():
        return
    text = "a block has a 'config', or a block that it 'extends'"
    near = findings.nearest("extends", table)
    findings.missing("extends" if near else "config", table, text)


def _is_same(one: object, other: object) -> bool:
    """Tell whether two values are written alike: 1 and true are not, nor other orders."""
    if one is other:
        return True
    if is_table(one) and is_table(other):
        return [*one] == [*other] and all(_is_same(one[key], other[key]) for key in one)
    if is_list(one) and is_list(other):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return type(one) is type(other) and one == other


def _read(
    listed: object, release: Release, variables: Variables, findings: Findings
) -> list[Block | None]:
    if is_list(listed):
        return [
            _block(variables.fill(value, here), release, here)
            for at, value in enumerate(listed)
            if (here := findings.at(at))
        ]
    array = f"[[{dotted(findings.path)}]]"
    findings.add(f"has to be an array of tables, {array}, not {kind(listed)}")
    return []


def _block(value: object, release: Release, findings: Findings) -> Block | None:
    if not is_table(value):
        findings.add(f"has to be a table, not {kind(value)} ({shown(value)})")
        return None
    if release.is_complete:
        check_config(value, findings)
    if "name" not in value:
        findings.missing("name", value, "the order names it")
        return None
    name = value["name"]
    if findings.path[0] != "blocks" and not isinstance(name, str):
        findings.at("name").add(f"has to be a text, not {kind(name)} ({shown(name)})")
    # The original keeps its own note under this key, and takes it away in the end.
    table = {key: inner for key, inner in value.items() if key != "block_idx"}
    return Block(findings.path, str(name), table | {"name": str(name)})


def _steps(value: object, path: Path) -> int:
    """Return how many steps of a path lead to something inside a value."""
    for depth, step in enumerate(path):
        if is_table(value) and step in value:
            value = value[str(step)]
        elif is_list(value) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return depth
    return len(path)
