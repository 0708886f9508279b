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

    def __init__(self, step: Step, by: By, message: int) -> None:
        self._step = step
        self._by = by
        self._message = message
        """Bytes of a message for several participants, about."""
        self._kept: list[Json] = []
        self._kept_size = 0
        self._sent_size = 0

    @property
    def size(self) -> int:
        """About how many bytes are sent, or kept to be sent; recipes travel with them."""
        return self._sent_size + self._kept_size

    def add(
        self,
        participant: int,
        blocks: Sequence[dict[str, Json]],
        provenance: dict[str, Json],
    ) -> None:
        """Send a participant, or keep it for later."""
        if self._by == "block":
            self._send(_by_block(participant, blocks, provenance))
            return
        whole: dict[str, Json] = {
            "participant": participant,
            "blocks": [*blocks],
            "provenance": provenance,
        }
        if self._by == "participant":
            self._send([whole])
        else:
            self._keep(whole)

    def end(self) -> None:
        """Send what was kept."""
        if self._kept:
            self._send([{"participants": self._kept}])
        self._kept, self._kept_size = [], 0

    def _keep(self, whole: Json) -> None:
        size = len(encode(whole))
        if self._kept_size + size > self._message:
            self.end()
        self._kept.append(whole)
        self._kept_size += size

    def _send(self, payloads: Iterable[Json]) -> None:
        before = len(self._step.outgoing)
        for payload in payloads:
            self._step.send(payload)
        sent = self._step.outgoing[before:]
        self._sent_size += sum(len(each.message.body) for each in sent)


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
