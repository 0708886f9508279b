"""Patterns: which combinations of a crossing are wanted, and which are left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from recado_experiment.blocks.levels import label
from recado_experiment.document.findings import Findings
from recado_experiment.document.tables import is_list, is_table, kind, shown

MAX_SHAPES: Final = 100
"""As many different sets of factors as the patterns of one list may be of."""

Labels: TypeAlias = Mapping[str, Collection[str]]
"""The names of each factor's levels."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """Some levels by factor, of which a combination has to have all of one pattern.

    By the factors that they are of, so that many of a kind are looked up at once.
    """

    by_factors: dict[tuple[str, ...], set[tuple[str, ...]]] = field(
        default_factory=dict[tuple[str, ...], set[tuple[str, ...]]]
    )

    @classmethod
    def read(cls, value: object, labels: Labels, findings: Findings) -> Patterns:
        """Return the patterns of an array of tables; report what is none."""
        made = cls()
        if not is_list(value):
            findings.add(f"has to be an array of tables, not {kind(value)}")
            return made
        for at, each in enumerate(value):
            made._add(_pattern(each, labels, findings.at(at)))
        if len(made.by_factors) > MAX_SHAPES:
            findings.add(
                f"has patterns of {len(made.by_factors)} different sets of factors; at"
                f" most {MAX_SHAPES} are looked up"
            )
            return cls()
        return made

    def match(self, combination: Mapping[str, str]) -> bool:
        """Tell whether the levels of a combination are as some pattern has them."""
        return any(
            tuple(combination.get(factor) for factor in factors) in wanted
            for factors, wanted in self.by_factors.items()
        )

    def _add(self, pattern: Iterable[tuple[str, str]]) -> None:
        if pairs := sorted(pattern):
            factors = tuple(factor for factor, _ in pairs)
            wanted = self.by_factors.setdefault(factors, set())
            wanted.add(tuple(level for _, level in pairs))


def _pattern(
    value: object, labels: Labels, findings: Findings
) -> list[tuple[str, str]]:
    if not is_table(value) or not value:
        findings.add(f"has to be a table of levels by factor, not {shown(value)}")
        return []
    for factor, level in value.items():
        if factor not in labels:
            findings.at(factor).unknown("factor", factor, labels.keys())
        elif (name := label(level)) not in labels[factor]:
            findings.at(factor).unknown("level", name, labels[factor])
    return [(factor, label(level)) for factor, level in value.items()]
