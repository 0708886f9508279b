"""The releases of experiment-server that a study can be read like, and how they differ.

``compat`` in a study's configuration names one. Whatever is read in another way for it is
an attribute here; what no attribute tells apart is the same in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from recado_experiment.document.findings import Findings
from recado_experiment.document.tables import Table, kind

KEY: Final = "compat"
OWN_KEYS: Final = ("variables", "expand_arrays", KEY)
"""Settings that have nothing to do with the release, or that only recado has."""


@dataclass(frozen=True, slots=True)
class Release:
    """How one release reads a study.

    ``groups`` and ``within_groups`` are the names of these two settings; of several, the
    first that is set counts. ``others`` are names that other releases have for settings,
    each with the one to write.
    """

    name: str
    groups: tuple[str, ...]
    within_groups: tuple[str, ...]
    keys: tuple[str, ...]
    others: Mapping[str, str]
    arrays: tuple[str, ...] = ("blocks",)
    """The arrays of whole blocks; ``init_blocks`` and ``final_blocks`` are some or names."""
    is_complete: bool = field(kw_only=True)
    """Whether blocks that nobody gets need a config, and there has to be an order."""
    takes_places: bool = field(kw_only=True)
    """Whether an order can name blocks by their places, from 0."""
    may_be_empty: bool = field(kw_only=True)
    """Whether an order can be without any block."""
    has_grouped_rows: bool = field(kw_only=True)
    """Whether the lists of a table of orders are lists of groups, and not of names."""
    holds_rows: bool = field(kw_only=True)
    """Whether participants share a latin square's row within groups until the groups took
    their turns, however the groups are ordered."""

    @property
    def settings(self) -> tuple[str, ...]:
        """The keys of ``configuration`` that are read and not old names."""
        return self.keys + OWN_KEYS


_SEEDED = ("order", "random_seed")
_STRATEGIES = ("groups_strategy", "within_groups_strategy")
_EDGES = ("init_blocks", "final_blocks")
_EDGE_STRATEGIES = ("init_blocks_strategy", "final_blocks_strategy")

LATEST: Final = Release(
    "0.3.9",
    groups=("groups_strategy", "groups"),
    within_groups=("within_groups_strategy", "within_groups"),
    keys=_SEEDED + _STRATEGIES + _EDGES + _EDGE_STRATEGIES,
    others={
        "groups": "is an old name; write 'groups_strategy'",
        "within_groups": "is an old name; write 'within_groups_strategy'",
    },
    is_complete=True,
    takes_places=False,
    may_be_empty=True,
    has_grouped_rows=False,
    holds_rows=True,
)

_UNREAD = "is not read with compat '0.3.1'; "

EARLIER: Final = Release(
    "0.3.1",
    groups=("groups",),
    within_groups=("within_groups",),
    keys=(*_SEEDED, "groups", "within_groups"),
    others={
        "groups_strategy": f"{_UNREAD}write 'groups'",
        "within_groups_strategy": f"{_UNREAD}write 'within_groups'",
        "init_blocks": f"{_UNREAD}write whole blocks, [[init_blocks]]",
        "final_blocks": f"{_UNREAD}write whole blocks, [[final_blocks]]",
        "init_blocks_strategy": f"{_UNREAD}init blocks stay as they are",
        "final_blocks_strategy": f"{_UNREAD}final blocks stay as they are",
    },
    arrays=("init_blocks", "blocks", "final_blocks"),
    is_complete=False,
    takes_places=True,
    may_be_empty=False,
    has_grouped_rows=True,
    holds_rows=False,
)

RELEASES: Final = {release.name: release for release in (LATEST, EARLIER)}


def read_release(configuration: Table, findings: Findings) -> Release:
    """Return the release that a configuration names, the latest if it names none."""
    name = configuration.get(KEY, LATEST.name)
    if not isinstance(name, str):
        text = f"has to be the text of a release, not {kind(name)}"
        findings.at(KEY).add(f"{text}; known: {', '.join(sorted(RELEASES))}")
    elif name not in RELEASES:
        findings.at(KEY).unknown("release", name, RELEASES)
    return RELEASES.get(str(name), LATEST)
