"""An experiment whose file nobody watches."""

from __future__ import annotations


class Unwatched:
    """A watch that costs no time, and never tells of a change."""

    def __init__(self, file: object, tell: object) -> None:
        self.file = file

    def stop(self) -> None:
        pass
