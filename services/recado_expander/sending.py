"""What the next step gets: a message for each participant, each block, or several of them."""

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

    def __init__(self, step: Step, by: By, size: int) -> None:
        self._step = step
        self._by = by
        self._size = size
        """Bytes of a message for several participants, about."""
        self._kept: list[Json] = []
        self._room = size

    def add(
        self,
        participant: int,
        blocks: Sequence[dict[str, Json]],
        provenance: dict[str, Json],
    ) -> int:
        """Send a participant, or keep it for later; return about how many bytes it has."""
        if self._by == "block":
            return self._send(_by_block(participant, blocks, provenance))
        whole: dict[str, Json] = {
            "participant": participant,
            "blocks": [*blocks],
            "provenance": provenance,
        }
        if self._by == "participant":
            return self._send([whole])
        return self._keep(whole)

    def end(self) -> None:
        """Send what was kept."""
        if self._kept:
            self._step.send({"participants": self._kept})
        self._kept, self._room = [], self._size

    def _keep(self, whole: Json) -> int:
        size = len(encode(whole))
        if size > self._room:
            self.end()
        self._kept.append(whole)
        self._room -= size
        return size

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
