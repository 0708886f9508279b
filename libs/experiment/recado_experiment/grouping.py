"""Grouping: whether the calls that participants get together can go together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from recado_experiment.blocks.template import Template
from recado_experiment.calls.call import Group, disagreement
from recado_experiment.calls.sites import Site
from recado_experiment.document.findings import Findings, Path
from recado_experiment.order.arrangement import Sequence

PREVIEWED: Final = 100
CALLED: Final = 200_000
"""How many participants' choices of blocks, and how many calls of theirs at most, are looked
at."""


def check_groups(
    sequence: Sequence, templates: Mapping[str, Template], findings: Findings
) -> None:
    """Report calls under one id that differ, and items that are too few for a group."""
    if not any(template.grouped for template in templates.values()):
        return
    check = _Check(findings)
    called = 0
    for participant in range(1, min(sequence.choices, PREVIEWED) + 1):
        chosen = sequence.choice(participant)
        sites = [
            site
            for name in chosen
            if name in templates
            for site in templates[name].grouped
        ]
        called += len(sites)
        if called > CALLED:
            break
        check.together(sites)
    check.report_shortages()


class _Check:
    """Looks at the calls of one participant after another."""

    def __init__(self, findings: Findings) -> None:
        self._found = findings.found
        self._shortages: dict[Group, tuple[int, int, Path]] = {}
        """How many items are needed, how many there are, and where that was found first."""

    def together(self, sites: list[Site]) -> None:
        """Look at the calls that one participant gets, in no particular order."""
        first: dict[Group, Site] = {}
        takes: dict[Group, int] = {}
        for site in sites:
            group = site.call.group
            begun = first.setdefault(group, site)
            takes[group] = takes.get(group, 0) + begun.prepared.takes
            if problem := disagreement(begun.call, site.call):
                Findings(site.call.path, self._found).add(problem)
        for group, site in first.items():
            supply, needed = site.prepared.supply, takes[group]
            if supply is not None and needed > supply:
                before, _, path = self._shortages.get(group, (0, 0, site.call.path))
                self._shortages[group] = max(before, needed), supply, path

    def report_shortages(self) -> None:
        """Report groups that need more items than there are, each once."""
        for needed, supply, path in self._shortages.values():
            Findings(path, self._found).add(
                f"{needed} different items are needed, and the population has {supply};"
                " enlarge it or draw less"
            )
