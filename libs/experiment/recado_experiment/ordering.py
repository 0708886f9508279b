"""Read the order of a study, and its init and final blocks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

from recado_experiment.arrangement import (
    STRATEGIES,
    Arrangement,
    Groups,
    Sequence,
    Strategy,
)
from recado_experiment.crossings import Crossings
from recado_experiment.findings import Findings
from recado_experiment.squares import SQUARES
from recado_experiment.tables import (
    Table,
    is_list,
    is_table,
    kind,
    misspelt,
    shown,
)

_NOTHING = Arrangement(((),))


@dataclass(frozen=True, slots=True)
class OrderReader:
    """Reads the ordering settings of a ``configuration`` table.

    ``names`` are those of the blocks; a name of ``crossings`` stands for all the blocks
    of that crossing. What is wrong goes to ``findings``, and something that can be worked
    with takes its place.
    """

    configuration: Table
    names: Collection[str]
    crossings: Crossings
    findings: Findings

    def sequence(self) -> Sequence:
        """Return the whole sequence."""
        return Sequence(
            self._order(), self._edge("init_blocks"), self._edge("final_blocks")
        )

    def _order(self) -> Arrangement:
        groups = self._strategy("groups", STRATEGIES)
        within = self._strategy("within_groups", STRATEGIES)
        if "order" not in self.configuration:
            hint = misspelt("order", self.configuration)
            self.findings.add(f"has no 'order', the list of blocks to go through{hint}")
            return _NOTHING
        value, findings = self.configuration["order"], self.findings.at("order")
        if is_table(value):
            return self._checked(
                Arrangement(self._rows(value, findings, groups), "as_is", within)
            )
        if not is_list(value):
            hint = "; a variable cannot stand for it" if _is_variable(value) else ""
            findings.add(f"has to be an array or a table, not {kind(value)}{hint}")
            return _NOTHING
        if all(map(is_list, value)):
            rows = tuple(
                self._names(group, findings.at(at)) for at, group in enumerate(value)
            )
            return self._checked(Arrangement((rows,), groups, within))
        if self._settles("within_groups"):
            findings.warn(
                "is one flat list, so 'within_groups' is not used;"
                " 'groups_strategy' orders the list"
            )
        flat: Groups = (self._names(value, findings),)
        return self._checked(Arrangement((flat,), "as_is", groups))

    def _checked(self, made: Arrangement) -> Arrangement:
        """Return an arrangement as it is; report latin squares that cannot be made."""
        findings = self.findings.at("order")
        for groups in made.rows:
            sizes = {len(group) for group in groups}
            if made.groups in SQUARES and not groups:
                findings.add(f"is empty: {_a(made.groups)} needs at least one group")
            elif made.within in SQUARES and sizes in (set(), {0}):
                findings.add(
                    f"has an empty list: {_a(made.within)} needs at least one block"
                )
            elif made.within in SQUARES and len(sizes) > 1:
                findings.add(
                    f"has groups of different sizes, and {_a(made.within)} within them"
                    f" needs one size (sizes: {', '.join(map(str, map(len, groups)))})"
                )
        return made

    def _edge(self, key: str) -> Arrangement:
        strategy = self._strategy(key, STRATEGIES[:2])
        value, findings = self.configuration.get(key, []), self.findings.at(key)
        if is_table(value):
            return Arrangement(self._rows(value, findings, strategy))
        if not is_list(value):
            findings.add(f"has to be an array or a table, not {kind(value)}")
            return _NOTHING
        return Arrangement(((self._names(value, findings),),), "as_is", strategy)

    def _settles(self, key: str) -> bool:
        return f"{key}_strategy" in self.configuration or key in self.configuration

    def _strategy(self, key: str, allowed: tuple[str, ...]) -> Strategy:
        is_old_name_known = key in ("groups", "within_groups")
        if is_old_name_known and key in self.configuration:
            self.findings.at(key).warn(f"is an old name; write '{key}_strategy'")
        used = f"{key}_strategy"
        if used not in self.configuration and is_old_name_known:
            used = key
        value = self.configuration.get(used, "as_is")
        if not isinstance(value, str):
            self.findings.at(used).add(f"has to be a text, not {kind(value)}")
        elif value not in allowed:
            self.findings.at(used).unknown("strategy", value, allowed)
        else:
            return cast(Strategy, value)
        return "as_is"

    def _rows(
        self, table: Table, findings: Findings, strategy: Strategy
    ) -> tuple[Groups, ...]:
        """Return the rows of a table that has a list for each participant in turn."""
        if strategy != "as_is":
            findings.add(
                f"is a table, which goes with the strategy 'as_is', not {strategy!r}"
            )
        keys: dict[int, str] = {}
        for key in table:
            try:
                keys[int(key)] = key
            except ValueError:
                findings.at(key).add("has to be a whole number from 1, as the key")
                return ()
        if not keys or set(keys) != set(range(1, len(keys) + 1)):
            findings.add(
                "has to have the keys 1, 2, 3, ... without a gap, not"
                f" {', '.join(map(str, sorted(keys))) or 'none at all'}"
            )
            return ()
        return tuple(
            (self._names(table[key], findings.at(key)),)
            for _, key in sorted(keys.items())
        )

    def _names(self, value: object, findings: Findings) -> tuple[str, ...]:
        if not is_list(value):
            findings.add(f"has to be an array of block names, not {kind(value)}")
            return ()
        for at, name in enumerate(value):
            if not isinstance(name, str):
                findings.at(at).add(
                    f"has to be the name of a block, not {kind(name)} ({shown(name)})"
                )
            elif name not in self.names and name not in self.crossings:
                known = [*self.names, *self.crossings]
                findings.at(at).unknown("block", name, known)
        names = (name for name in value if isinstance(name, str))
        return tuple(
            each for name in names for each in self.crossings.get(name, (name,))
        )


def _a(strategy: Strategy) -> str:
    return (
        "a Williams design"
        if strategy == "williams"
        else f"a {strategy}".replace("_", " ")
    )


def _is_variable(value: object) -> bool:
    return isinstance(value, str) and value.startswith("$")
