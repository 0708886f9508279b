"""Read the order of a study, and its init and final blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from recado_experiment.compat import Release
from recado_experiment.document.findings import Findings
from recado_experiment.document.tables import Table, is_list, is_table, kind, shown
from recado_experiment.order.arrangement import (
    STRATEGIES,
    Arrangement,
    Groups,
    Sequence,
    Strategy,
)
from recado_experiment.order.naming import UNREADABLE, Naming
from recado_experiment.order.squares import SQUARES

MAX_NAMES = 1_000_000
"""As many blocks as an order may call, over all lists that participants take in turn."""

_NOTHING = Arrangement(((),))


@dataclass(frozen=True, slots=True)
class OrderReader:
    """Reads the ordering settings of a ``configuration`` table.

    ``edges`` are the names of init and final blocks where these are no settings. What is
    wrong goes to ``findings``, and something that can be worked with takes its place.
    """

    configuration: Table
    release: Release
    naming: Naming
    edges: Mapping[str, tuple[str, ...]]
    findings: Findings

    def sequence(self) -> Sequence:
        """Return the whole sequence."""
        for key in ("order", "init_blocks", "final_blocks"):
            count = self.naming.count(self.configuration.get(key))
            if count > MAX_NAMES:
                self.findings.at(key).add(
                    f"calls {count} blocks, crossings' included; at most {MAX_NAMES}"
                )
                return Sequence(_NOTHING, _NOTHING, _NOTHING)
        return Sequence(
            self._order(), self._edge("init_blocks"), self._edge("final_blocks")
        )

    def _order(self) -> Arrangement:
        groups = self._strategy(self.release.groups, STRATEGIES)
        within = self._strategy(self.release.within_groups, STRATEGIES)
        value, findings = self.configuration.get("order"), self.findings.at("order")
        if value is None:
            return self._unordered(groups, within)
        if self.release.takes_places and _is_mixed(value):
            findings.add("has names and places of blocks; it takes one or the other")
        if is_table(value):
            return self._turns(value, findings, groups, within)
        if not is_list(value):
            hint = "; a variable cannot stand for it" if _is_variable(value) else ""
            findings.add(f"has to be an array or a table, not {kind(value)}{hint}")
            return _NOTHING
        if all(map(is_list, value)):
            return self._checked(self._groups(value, findings), groups, within)
        if ignored := self._set(self.release.within_groups):
            findings.warn(
                f"is one flat list, so {ignored!r} is not used;"
                f" {self.release.groups[0]!r} orders the list"
            )
        flat: Groups = (self.naming.read(value, findings),)
        return self._checked(flat, "as_is", groups)

    def _unordered(self, groups: Strategy, within: Strategy) -> Arrangement:
        """Return the order of a study that has none: all blocks, if that is allowed."""
        if not self.release.is_complete:
            places = self.naming.places or ()
            everything = tuple(name for name in places if name is not None)
            return self._checked((everything,), groups, within)
        text = "it is the list of blocks to go through"
        self.findings.missing("order", self.configuration, text)
        return _NOTHING

    def _turns(
        self, table: Table, findings: Findings, groups: Strategy, within: Strategy
    ) -> Arrangement:
        """Return an order that has a list, or groups, for each participant in turn."""
        read = self._groups if self.release.has_grouped_rows else self._group
        rows: list[Groups] = []
        for key in self._keys(table, findings, groups):
            here = findings.at(key)
            rows.append(read(table[key], here))
            self._check(rows[-1], "as_is", within, here)
        return Arrangement(tuple(rows), "as_is", within, self.release.holds_rows)

    def _group(self, value: object, findings: Findings) -> Groups:
        return (self.naming.read(value, findings),)

    def _groups(self, value: object, findings: Findings) -> Groups:
        if is_list(value) and all(map(is_list, value)):
            return tuple(
                self.naming.read(group, findings.at(at))
                for at, group in enumerate(value)
            )
        findings.add(
            "has to be an array of groups, [[...]], with compat"
            f" {self.release.name!r}, not {kind(value)} ({shown(value)})"
        )
        return (UNREADABLE,)

    def _checked(
        self, groups: Groups, strategy: Strategy, within: Strategy
    ) -> Arrangement:
        self._check(groups, strategy, within, self.findings.at("order"))
        return Arrangement((groups,), strategy, within, self.release.holds_rows)

    def _check(
        self, groups: Groups, strategy: Strategy, within: Strategy, findings: Findings
    ) -> None:
        """Report squares that cannot be made, and an order that must not be empty."""
        sizes = {len(group) for group in groups}
        if strategy in SQUARES and not groups:
            findings.add(f"is empty: {_a(strategy)} needs at least one group")
        elif within in SQUARES and sizes in (set(), {0}):
            findings.add(f"has an empty list: {_a(within)} needs at least one block")
        elif within in SQUARES and len(sizes) > 1:
            findings.add(
                f"has groups of different sizes, and {_a(within)} within them"
                f" needs one size (sizes: {', '.join(map(str, map(len, groups)))})"
            )
        elif sizes in (set(), {0}) and not self.release.may_be_empty:
            findings.add(f"is empty, and compat {self.release.name!r} needs a block")

    def _edge(self, key: str) -> Arrangement:
        if key in self.edges:
            return Arrangement(((self.edges[key],),))
        strategy = self._strategy((f"{key}_strategy",), STRATEGIES[:2])
        value, findings = self.configuration.get(key, []), self.findings.at(key)
        if is_table(value):
            keys = self._keys(value, findings, strategy)
            return Arrangement(
                tuple(self._group(value[each], findings.at(each)) for each in keys)
            )
        if not is_list(value):
            findings.add(f"has to be an array or a table, not {kind(value)}")
            return _NOTHING
        return Arrangement((self._group(value, findings),), "as_is", strategy)

    def _set(self, names: tuple[str, ...]) -> str | None:
        """Return the name of a setting that counts, None if it is not set."""
        return next((name for name in names if name in self.configuration), None)

    def _strategy(self, names: tuple[str, ...], allowed: tuple[str, ...]) -> Strategy:
        used = self._set(names)
        if used is None:
            return "as_is"
        value = self.configuration[used]
        if not isinstance(value, str):
            self.findings.at(used).add(f"has to be a text, not {kind(value)}")
        elif value not in allowed:
            self.findings.at(used).unknown("strategy", value, allowed)
        else:
            return cast(Strategy, value)
        return "as_is"

    def _keys(
        self, table: Table, findings: Findings, strategy: Strategy
    ) -> tuple[str, ...]:
        """Return the keys of a table in the order of the participants they are for."""
        if strategy != "as_is":
            findings.add(
                f"is a table, which goes with the strategy 'as_is', not {strategy!r}"
            )
        keys: dict[int, str] = {}
        for key in table:
            if (number := _number(key)) is None:
                findings.at(key).add("has to be a whole number from 1, as the key")
                continue
            if number in keys:
                findings.at(keys[number]).warn(
                    f"is not used: {shown(key)} is the same number, and comes later"
                )
            keys[number] = key
        numbers = sorted(keys)
        is_readable = None not in map(_number, table)
        if is_readable and (not keys or numbers != list(range(1, len(keys) + 1))):
            findings.add(
                "has to have the keys 1, 2, 3, ... without a gap, not"
                f" {', '.join(map(str, numbers)) or 'none at all'}"
            )
        return tuple(keys[number] for number in numbers)


def _number(key: str) -> int | None:
    try:
        return int(key)
    except ValueError:
        return None


def _a(strategy: Strategy) -> str:
    return (
        "a Williams design"
        if strategy == "williams"
        else f"a {strategy}".replace("_", " ")
    )


def _is_variable(value: object) -> bool:
    return isinstance(value, str) and value.startswith("$")


def _is_mixed(order: object) -> bool:
    """Tell whether some items of an order are texts and others are numbers."""
    kinds = {isinstance(item, str) for item in _items(order)}
    return len(kinds) > 1


def _items(order: object) -> Iterator[object]:
    if is_table(order):
        order = list(order.values())
    if is_list(order):
        for inner in order:
            yield from _items(inner)
    else:
        yield order
