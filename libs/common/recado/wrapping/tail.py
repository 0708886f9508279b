"""The end of what a job wrote: the last bytes of a stream, as text fit for an event."""

from __future__ import annotations

_LONGEST_CHARACTER = 4


class Tail:
    """Keeps the last ``limit`` bytes of a stream, however much is written."""

    def __init__(self, limit: int) -> None:
        self.total = 0
        """All the bytes that were written."""
        self._limit = limit
        self._kept = bytearray()

    def add(self, data: bytes) -> None:
        """Take what was written."""
        self.total += len(data)
        self._kept += data
        if len(self._kept) > 2 * self._limit:
            del self._kept[: len(self._kept) - self._limit]

    def text(self) -> str:
        """Return the end as text: bytes that are no UTF-8, and zeros, are escaped."""
        kept = bytes(self._kept[max(0, len(self._kept) - self._limit) :])
        if len(kept) < self.total:
            kept = kept[_continued(kept) :]
        return kept.decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def _continued(data: bytes) -> int:
    """Return how many bytes at the start belong to a character that began before."""
    for index, byte in enumerate(data[:_LONGEST_CHARACTER]):
        if byte & 0xC0 != 0x80:
            return index
    return 0
