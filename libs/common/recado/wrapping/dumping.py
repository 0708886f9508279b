"""Where all threads are: written to standard error on a crash, and on SIGUSR2."""

from __future__ import annotations

import faulthandler
import signal
from contextlib import suppress


def dump_threads(*, chain: bool = False) -> None:
    """Have a crash, and SIGUSR2, write down where all threads are.

    ``chain`` has the handler that was there before called as well.
    """
    # What stands for standard error may have no file.
    with suppress(OSError, ValueError, AttributeError, RuntimeError):
        faulthandler.enable()
        faulthandler.register(signal.SIGUSR2, chain=chain)
