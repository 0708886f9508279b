"""Compile merged blocks to templates: find what changes, refuse what cannot be sent."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, cast

from recado_experiment.blocks.block import check_config
from recado_experiment.blocks.inheritance import MAX_VALUES
from recado_experiment.blocks.template import (
    Changing,
    Make,
    Template,
    array_maker,
    table_maker,
)
from recado_experiment.calls.sites import Site, is_call, read_call, warn_of_no_call
from recado_experiment.document.clone import cloned
from recado_experiment.document.findings import Findings
from recado_experiment.document.tables import (
    Table,
    is_list,
    is_table,
    kind,
    letters,
    shown,
)

if TYPE_CHECKING:
    from recado.message import Json

FILLED_IN = ("participant_index", "name", "block_id")


class Compiler:
    """Compiles the blocks of one study, which may have so many values and no more.

    Calls inside arrays are made only where that is asked for.
    """

    def __init__(self, limit: int = MAX_VALUES, *, in_arrays: bool = False) -> None:
        self._limit = limit
        self._in_arrays = in_arrays
        self._seen = 0
        self._spared = 0
        self._grouped: list[Site] = []

    def template(self, name: str, table: Table, findings: Findings) -> Template | None:
        """Return the template of a block, or None if it has no config to fill."""
        config = table.get("config")
        if "config" not in table:
            check_config(table, findings)
            if "extends" in table:
                findings.at("config").add("missing, and the block inherits none")
            return None
        if not is_table(config):
            findings.at("config").add(f"has to be a table, not {kind(config)}")
            return None
        if is_call(config):
            findings.at("config").add("is a function call, and has to be a plain table")
            return None
        self._grouped = []
        begun = self._made
        block, changing = self._parts(table | {"config": _with_room(config)}, findings)
        # The block itself is one as well, and its name is filled in.
        values = 1 + self._made - begun + letters(name)
        return Template(name, block, changing, tuple(self._grouped), values)

    @property
    def _made(self) -> int:
        """How many values were seen, with those that calls give instead of the calls."""
        return self._seen - self._spared

    def _parts(
        self, table: Table, findings: Findings
    ) -> tuple[dict[str, Json], Changing]:
        """Return what is constant in a table, and what has to be made each time."""
        self._seen += sum(map(letters, table))
        makers = {
            key: make
            for key, value in table.items()
            if (make := self._maker(value, findings.at(key)))
        }
        constant = {
            key: None if key in makers else value for key, value in table.items()
        }
        return cast("dict[str, Json]", constant), tuple(makers.items())

    def _maker(self, value: object, findings: Findings) -> Make | None:
        """Return what makes a value; None if it can be shared as it is."""
        self._seen += 1 + letters(value)
        if self._seen > self._limit:
            findings = Findings(findings.path[:1], findings.found)
            findings.add(f"more than {self._limit} values, inherited ones counted")
            return None
        if is_table(value):
            return self._table_maker(value, findings)
        if is_list(value) and self._in_arrays:
            return self._array_maker(value, findings)
        self._check(value, findings)
        if not is_list(value):
            return None
        plain = cast("list[Json]", value)
        return lambda _stream: cloned(plain)

    def _array_maker(self, array: list[object], findings: Findings) -> Make:
        makers = [
            (at, make)
            for at, value in enumerate(array)
            if (make := self._maker(value, findings.at(at)))
        ]
        return array_maker(cast("list[Json]", array), makers)

    def _table_maker(self, table: Table, findings: Findings) -> Make | None:
        if not is_call(table):
            warn_of_no_call(table, findings)
            return table_maker(*self._parts(table, findings))
        begun = self._seen - 1
        for key in ("args", "params"):
            self._check(table.get(key), findings.at(key))
        site = read_call(table, findings)
        if site is None:
            return None
        self._spared += self._seen - begun - site.prepared.makes
        if site.is_grouped:
            self._grouped.append(site)
        return site.draw

    def _check(self, value: object, findings: Findings) -> None:
        """Check that a value can be sent as JSON, whatever is inside of it."""
        if is_table(value):
            for key, inner in value.items():
                self._seen += 1 + letters(key) + letters(inner)
                self._check(inner, findings.at(key))
        elif is_list(value):
            for index, inner in enumerate(value):
                self._check_element(inner, findings, index)
        elif isinstance(value, float) and not isfinite(value):
            findings.warn(f"is {value}, a number that JSON has no word for")
        elif not isinstance(value, bool | int | float | str | None):
            findings.add(f"is {kind(value)}, which JSON has not; write it as a text")

    def _check_element(self, value: object, findings: Findings, index: int) -> None:
        self._seen += 1 + letters(value)
        if type(value) in (int, bool):  # most of what long arrays are made of
            return
        if isinstance(value, str) and value.startswith("$"):
            findings.at(index).warn(f"{shown(value)} stays as it is inside an array")
        if is_table(value) and is_call(value):
            findings.at(index).warn("a function call inside an array is not made")
        self._check(value, findings.at(index))


def _with_room(config: Table) -> Table:
    """Return a config with a place for what each participant's has filled in.

    A table under one of these keys is kept: calls in it are drawn, then thrown away.
    """
    room = {key: None for key in FILLED_IN if not is_table(config.get(key))}
    return config | room
