"""The base class of a long job that is written in Python."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recado.wrapping.job import Job


class Wrapper:
    """A long job: subclass it, and name the class in the group ``recado.wrappers``.

    ``recado wrap --wrap NAME`` makes one instance, in a process of its own, and runs it
    once.
    """

    def run(self, job: Job) -> bool | Awaitable[bool | None] | None:
        """Do the work; may be ``async``, and may block.

        False is a failure, and so is whatever is raised: its text goes to the output
        ``failure``.
        """
        raise TypeError(f"wrapper {type(self).__qualname__!r} needs a run method")
