"""The arguments of a call, read by name; what is wrong with them is reported."""

from __future__ import annotations

from collections.abc import Callable
from sys import float_info
from typing import TYPE_CHECKING, cast

from recado_experiment.calls.call import Call
from recado_experiment.document.findings import Findings
from recado_experiment.document.tables import Table, is_list, is_table, kind, shown

if TYPE_CHECKING:
    from recado.message import Json

MAX_ITEMS = 1_000_000
"""As many as one call draws at most."""


def is_unique(params: object, findings: Findings) -> bool:
    """Return whether ``params`` ask that a group's calls give each item away once."""
    return _flag("unique", params, findings)


def refuse_params(call: Call, findings: Findings) -> None:
    """Report whatever stands in the ``params`` of a function that takes none."""
    _flag("", call.params, findings.at("params"))


def _flag(name: str, params: object, findings: Findings) -> bool:
    if params is None:
        return False
    if not is_table(params):
        findings.add(f"has to be a table, not {kind(params)}")
        return False
    for key in params:
        if key != name:
            findings.at(key).unknown("parameter", key, [name] if name else [])
    value = params.get(name)
    if not isinstance(value, bool | None):
        findings.at(name).warn(
            f"{shown(value)} counts as {bool(value)}; write true or false"
        )
    return bool(value)


def named(
    args: list[object] | Table,
    names: tuple[str, ...],
    by_position: int,
    findings: Findings,
) -> Table | None:
    """Return arguments by name; an array gives the first ``by_position`` of them."""
    if not is_table(args) and len(args) > by_position:
        more = ", ".join(map(repr, names[by_position:]))
        rest = f", and a table takes {more} as well" if more else ""
        order = " and ".join(names[:by_position])
        findings.add(f"has {len(args)} elements; an array is {order}{rest}")
        return None
    found = args if is_table(args) else dict(zip(names, args, strict=False))
    for key in found:
        if key not in names:
            findings.at(key).unknown("argument", key, names)
    return found


def at_argument(
    call: Call, names: tuple[str, ...], findings: Findings
) -> Callable[[str], Findings]:
    """Return where an argument is, by its name: in an array, at its position."""
    here = findings.at("args")
    steps = {} if is_table(call.args) else {name: at for at, name in enumerate(names)}
    return lambda name: here.at(steps.get(name, name))


class Arguments:
    """Reads the arguments of one call; each reader returns None for what it reports."""

    def __init__(
        self, table: Table, at: Callable[[str], Findings], findings: Findings
    ) -> None:
        self._table = table
        self._at = at
        self._findings = findings

    @classmethod
    def of(
        cls, call: Call, names: tuple[str, ...], by_position: int, findings: Findings
    ) -> Arguments | None:
        """Return the arguments of a call, if nothing is wrong with their names."""
        here = findings.at("args")
        table = named(call.args, names, by_position, here)
        if table is None:
            return None
        return cls(table, at_argument(call, names, findings), here)

    def __contains__(self, key: str) -> bool:
        return key in self._table

    def lacks(self, key: str, kind: str) -> None:
        """Report an argument that is missing, unless it was found in a wrong spelling."""
        if self._findings.nearest(key, self._table) is None:
            self._findings.add(f"has no {key!r}, which is {kind}")

    def report(self, text: str) -> None:
        """Report what is wrong with the arguments together."""
        self._findings.add(text)

    def integer(
        self, key: str, default: int, low: int | None = None, high: int | None = None
    ) -> int | None:
        """Return an integer within bounds."""
        value, findings = self._table.get(key, default), self._at(key)
        if isinstance(value, bool) or not isinstance(value, int):
            findings.add(f"has to be an integer, not {kind(value)} ({shown(value)})")
        elif low is not None and value < low:
            findings.add(f"is {value}; it has to be at least {low}")
        elif high is not None and value > high:
            findings.add(f"is {shown(value)}; it has to be at most {high}")
        else:
            return value
        return None

    def number(self, key: str, default: float | None = None) -> float | None:
        """Return a finite number."""
        if key not in self._table and default is None:
            self.lacks(key, "a number")
            return None
        value, findings = self._table.get(key, default), self._at(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            findings.add(f"has to be a number, not {kind(value)} ({shown(value)})")
        elif not abs(value) <= float_info.max:
            findings.add(f"has to be a finite number, not {shown(value)}")
        else:
            return float(value)
        return None

    def one_of(self, key: str, words: tuple[str, ...]) -> str | None:
        """Return one of some words; the first if there is none."""
        value = self._table.get(key, words[0])
        if isinstance(value, str) and value in words:
            return value
        self._at(key).unknown("value", value, words)
        return None

    def items(self, key: str) -> list[Json] | None:
        """Return an array with something in it."""
        if key not in self._table:
            self.lacks(key, "an array")
            return None
        value, findings = self._table[key], self._at(key)
        if not is_list(value):
            findings.add(f"has to be an array, not {kind(value)}")
        elif not value:
            findings.add("is empty")
        else:
            return cast("list[Json]", value)
        return None
