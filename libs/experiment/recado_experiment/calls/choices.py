"""The function ``choices``: items drawn with replacement, as ``random.choices`` does."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable
from itertools import accumulate, repeat
from math import floor, inf, isfinite
from typing import TYPE_CHECKING, TypeAlias, cast

from recado_experiment.calls.arguments import MAX_ITEMS, at_argument, is_unique, named
from recado_experiment.calls.call import Call, Draw, Prepared
from recado_experiment.calls.stream import Stream
from recado_experiment.document.clone import cloned
from recado_experiment.document.findings import Findings
from recado_experiment.document.tables import (
    Table,
    is_list,
    is_table,
    kind,
    largest,
    shown,
)
from recado_experiment.errors import DrawError

if TYPE_CHECKING:
    from recado.message import Json

Pick: TypeAlias = "Callable[[Stream], list[Json]]"

REDRAWS = 21
"""How often a draw is repeated to find unused items: as often as experiment-server."""

_ARGUMENTS: tuple[str, ...] = ("population", "weights", "cum_weights", "k")


def prepare(call: Call, findings: Findings) -> Prepared | None:
    """Prepare a call; ``params.unique`` gives each item of its group away once."""
    once = is_unique(call.params, findings.at("params"))
    arguments = _arguments(call.args, findings.at("args"))
    if arguments is None:
        return None
    reader = _Arguments(arguments, at_argument(call, _ARGUMENTS, findings))
    count, population = reader.count(), reader.population()
    weights = reader.weights(None if population is None else len(population))
    if population == [] and (count is None or count > 0):
        reader.at("population").add("is empty: there is nothing to choose from")
        return None
    if population is None or count is None or weights is None:
        return None
    pick = _pick(population, weights, count)
    makes = 1 + max(count, 0) * largest(population)
    if not once or count <= 0:
        return Prepared(_copying(pick) if _is_nested(population) else pick, makes)
    if _is_nested(population):
        reader.at("population").add(
            "has arrays or tables in it, which 'unique' cannot tell apart"
        )
        return None
    return Prepared(_once_each(pick, call), makes, count, len(set(population)))


def _arguments(args: list[object] | Table, findings: Findings) -> Table | None:
    found = named(args, _ARGUMENTS, 2, findings)
    if found is None or "population" in found:
        return found
    if findings.nearest("population", found) is None:  # or else it is reported
        findings.add("has no population to choose from")
    return None


class _Arguments:
    """Reads the arguments of one call as experiment-server takes them.

    True is a number to it, and a text an array of letters.
    """

    def __init__(self, table: Table, at: Callable[[str], Findings]) -> None:
        self._table = table
        self.at = at

    def count(self) -> int | None:
        value = self._table.get("k", 1)
        findings = self.at("k")
        if not isinstance(value, int):
            findings.add(f"has to be an integer, not {kind(value)} ({shown(value)})")
        elif value > MAX_ITEMS:
            findings.add(f"is {value}; at most {MAX_ITEMS} are drawn at once")
        else:
            return int(value)
        return None

    def population(self) -> list[Json] | None:
        value = self._table["population"]
        findings = self.at("population")
        if isinstance(value, str):
            findings.warn(f"is the text {shown(value)}: its letters are drawn")
            return list(value)
        if not is_list(value):
            findings.add(f"has to be an array, not {kind(value)}")
            return None
        return cast("list[Json]", value)

    def weights(self, size: int | None) -> list[float] | None:
        """Return cumulative weights; none at all if every item weighs the same.

        The size of the population is None if it is not known.
        """
        given = [key for key in ("weights", "cum_weights") if key in self._table]
        if not given:
            return []
        if len(given) == 2:
            self.at("cum_weights").add("is there beside weights; one of them is enough")
            return None
        value, findings = self._table[given[0]], self.at(given[0])
        if not is_list(value):
            findings.add(f"has to be an array, not {kind(value)}")
            return None
        numbers: list[float] = [
            weight for weight in value if isinstance(weight, int | float)
        ]
        if len(numbers) < len(value):
            findings.add("has to be an array of numbers")
        elif size is not None and len(numbers) != size:
            findings.add(
                f"has {len(numbers)} weights for a population of {size}; one for each"
            )
        else:
            return self._summed(given[0], numbers, findings)
        return None

    def _summed(
        self, key: str, numbers: list[float], findings: Findings
    ) -> list[float] | None:
        try:
            sums = numbers if key == "cum_weights" else list(accumulate(numbers))
            total = sums[-1] + 0.0 if sums else 0.0
        except OverflowError:
            sums, total = [], inf
        if isfinite(total) and total > 0:
            return sums
        findings.add(f"comes to {total:g} in total; that has to be finite and above 0")
        return None


def _is_nested(population: list[Json]) -> bool:
    return any(is_list(item) or is_table(item) for item in population)


def _pick(population: list[Json], sums: list[float], count: int) -> Pick:
    """Return what draws ``count`` items, with the draws of ``random.choices``."""
    return _weighted(population, sums, count) if sums else _alike(population, count)


def _weighted(population: list[Json], sums: list[float], count: int) -> Pick:
    total, last = sums[-1] + 0.0, len(sums) - 1

    def pick(stream: Stream) -> list[Json]:
        random = stream.random
        return [
            population[bisect(sums, random() * total, 0, last)]
            for _ in repeat(None, count)
        ]

    return pick


def _alike(population: list[Json], count: int) -> Pick:
    size = len(population) + 0.0

    def one(stream: Stream) -> list[Json]:
        return [population[floor(stream.random() * size)]]

    def two(stream: Stream) -> list[Json]:
        random = stream.random
        return [population[floor(random() * size)], population[floor(random() * size)]]

    def many(stream: Stream) -> list[Json]:
        random = stream.random
        return [population[floor(random() * size)] for _ in repeat(None, count)]

    # Most calls draw one or two, and a loop takes longer than that.
    return {1: one, 2: two}.get(count, many)


def _copying(pick: Pick) -> Draw:
    """Return a draw whose items are the caller's own, to keep or to change."""

    def draw(stream: Stream) -> Json:
        return [cloned(item) for item in pick(stream)]

    return draw


def _once_each(pick: Pick, call: Call) -> Draw:
    """Return a draw that is repeated while it has an item that was given away.

    It can give up where there is a way left. The repetition is part of the stream: one
    that always found it would give other values than experiment-server.
    """

    def draw(stream: Stream) -> Json:
        taken = stream.taken.setdefault(call.group, set())
        items = pick(stream)
        for _ in range(REDRAWS):
            if _is_new(items, taken):
                break
            items = pick(stream)
        if not _is_new(items, taken):
            raise DrawError(
                call.path,
                f"no unused items came up in {REDRAWS + 1} draws of {len(items)};"
                f" {len(taken)} are used: enlarge the population or draw less",
            )
        taken.update(items)
        return items

    return draw


def _is_new(items: list[Json], taken: set[object]) -> bool:
    return len(set(items)) == len(items) and taken.isdisjoint(items)
