"""What the next step gets: a message for each participant, each block, or each chunk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from recado.message import encode
from recado.step import Step

if TYPE_CHECKING:
    from recado.message import Json

By: TypeAlias = Literal["participant", "block", "chunk"]


class Sender:
    """Sends participants on, one after the other."""

    def __init__(self, step: Step, by: By) -> None:
        self._step = step
        self._by = by
        self._chunk: list[Json] = []

    def add(
        self,
        participant: int,
        blocks: Sequence[dict[str, Json]],
        provenance: dict[str, Json],
    ) -> int:
        """Send a participant, or keep it for the chunk; return about how many bytes."""
        if self._by == "block":
            return self._send(_by_block(participant, blocks, provenance))
        whole: dict[str, Json] = {
            "participant": participant,
            "blocks": [*blocks],
            "provenance": provenance,
        }
        if self._by == "participant":
            return self._send([whole])
        self._chunk.append(whole)
        return len(encode(whole))

    def end(self) -> None:
        """Send what was kept."""
        if self._chunk:
            self._step.send({"participants": self._chunk})

    def _send(self, payloads: Iterable[Json]) -> int:
        before = len(self._step.outgoing)
        for payload in payloads:
            self._step.send(payload)
        return sum(len(each.message.body) for each in self._step.outgoing[before:])


def _by_block(
    participant: int, blocks: Sequence[dict[str, Json]], provenance: dict[str, Json]
) -> Iterator[Json]:
    for position, block in enumerate(blocks):
        yield {
            "participant": participant,
            "position": position,
            "block": block,
            "provenance": provenance,
        }
