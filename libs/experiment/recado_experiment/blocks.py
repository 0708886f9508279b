"""Read the blocks of a study: variables filled in, names told apart, parents merged."""

from __future__ import annotations

from dataclasses import dataclass

from recado_experiment.findings import Findings, Path, dotted
from recado_experiment.tables import Table, is_list, is_table, kind, shown
from recado_experiment.variables import Variables


@dataclass(frozen=True, slots=True)
class Block:
    """One block as it is written, with its variables filled in; ``path`` is where."""

    path: Path
    name: str
    table: Table


def read_blocks(
    document: Table, variables: Variables, findings: Findings
) -> dict[str, Block]:
    """Return the blocks by name, in the order of the file."""
    listed = document.get("blocks", [])
    if not is_list(listed):
        findings.add(f"has to be an array of tables, [[blocks]], not {kind(listed)}")
        return {}
    if "blocks" not in document and "crossings" not in document:
        findings.add("missing; a study has at least one [[blocks]]")
    blocks: dict[str, Block] = {}
    for index, value in enumerate(listed):
        here = findings.at(index)
        filled = variables.fill(value, here)
        block = _block(index, filled, here)
        if block is None:
            continue
        if block.name in blocks:
            first = dotted(blocks[block.name].path)
            here.at("name").add(f"{block.name!r} is the name of {first} as well")
        blocks.setdefault(block.name, block)
    return blocks


def _block(index: int, value: object, findings: Findings) -> Block | None:
    if not is_table(value):
        findings.add(f"has to be a table, not {kind(value)} ({shown(value)})")
        return None
    if "config" not in value and "extends" not in value:
        findings.add("has neither a 'config' nor a block that it 'extends'")
    if "name" not in value:
        findings.add("has no 'name'")
        return None
    name = str(value["name"])
    # The original keeps its own note under this key, and takes it away in the end.
    table = {key: inner for key, inner in value.items() if key != "block_idx"}
    return Block(("blocks", index), name, table | {"name": name})
