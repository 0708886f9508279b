"""Extent: how much one participant gets at most, so that no study fills a service's memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from recado_experiment.blocks.template import Template
from recado_experiment.document.findings import Findings
from recado_experiment.order.arrangement import Arrangement, Sequence

MAX_MADE: Final = 2_000_000
"""As many values as one participant's blocks may have, as ``tables.size`` counts them."""


def check_extent(
    sequence: Sequence, templates: Mapping[str, Template], findings: Findings
) -> None:
    """Report blocks that come to more values than one participant can be sent."""
    parts = (sequence.init, sequence.order, sequence.final)
    made = sum(_largest_row(part, templates) for part in parts)
    if made > MAX_MADE:
        findings.add(
            f"gives a participant up to {made} values, drawn ones included; at most"
            f" {MAX_MADE} are made"
        )


def _largest_row(part: Arrangement, templates: Mapping[str, Template]) -> int:
    return max(
        sum(templates[name].size for group in groups for name in group)
        for groups in part.rows
    )
