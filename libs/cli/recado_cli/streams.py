"""The standard streams, whatever became of them before the command began."""

from __future__ import annotations

import os
import sys
from typing import Final

_STREAMS: Final = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def open_closed() -> None:
    """Connect what is closed, as by ``>&-``, to nowhere.

    The next file that is opened would get its number otherwise, and a database the
    lines that are meant for a terminal.
    """
    for number, (name, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            _connect(number)
            setattr(sys, name, os.fdopen(number, mode, closefd=False))


def hang_up() -> None:
    """Write no more to standard out: nobody reads it, and Python would complain."""
    _connect(sys.stdout.fileno())


def _connect(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)
    os.set_inheritable(number, True)
