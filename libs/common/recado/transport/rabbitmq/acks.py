"""Acknowledgements: which frames end the deliveries that have ended."""

from __future__ import annotations


class Acks:
    """The deliveries of one channel, by their tags, which count from 1.

    One frame ends all up to a tag; so it is told whenever everything up to there has
    ended, whatever the order was.
    """

    def __init__(self) -> None:
        self._first = 1
        """The first tag that the broker has not heard of in a frame for many."""
        self._ended: set[int] = set()
        self._told: set[int] = set()

    def end(self, tag: int) -> None:
        """Note that a delivery has ended."""
        self._ended.add(tag)

    def take(self) -> list[tuple[int, bool]]:
        """Return the tags to tell, each with whether it means all up to it."""
        tags: list[tuple[int, bool]] = []
        first, last = self._first, 0
        while True:
            if first in self._ended:
                self._ended.remove(first)
                last = first
            elif first in self._told:
                self._told.remove(first)
            else:
                break
            first += 1
        self._first = first
        if last:
            tags.append((last, True))
        if self._ended:
            tags += [(tag, False) for tag in sorted(self._ended)]
            self._told |= self._ended
            self._ended.clear()
        return tags
