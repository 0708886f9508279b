"""Provenance: what a participant's blocks came from, to be kept with the results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recado import __version__
from recado_experiment.study import Study

if TYPE_CHECKING:
    from recado.message import Json


def provenance(study: Study, sha256: str, participant: int) -> dict[str, Json]:
    """Return the digest of the study's bytes, the stream of chance and recado's version.

    The same three give the same blocks again.
    """
    return {
        "sha256": sha256,
        "stream": study.stream(participant),
        "recado": __version__,
    }
