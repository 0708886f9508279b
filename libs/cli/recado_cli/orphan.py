"""What a service does when the supervisor that started it is gone, however it went.

The supervisor holds the other end of a pipe. When it dies, even of SIGKILL, the kernel
closes that end, and a thread which waits for this tells the service to drain.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Final

LAST_S: Final = 10.0
"""What a drain may take beyond the grace period before the process ends by force."""


def drain_without_parent(pipe: int, grace_s: float, last_s: float = LAST_S) -> None:
    """Have this process drain once nobody holds the pipe's other end any more."""
    threading.Thread(
        target=_watch, args=(pipe, grace_s + last_s), name="parent", daemon=True
    ).start()


def _watch(pipe: int, patience_s: float) -> None:
    try:
        while os.read(pipe, 1):
            continue
    except OSError:
        # Not a pipe, or closed: then there is no parent that could be watched.
        return
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(patience_s)
    os._exit(1)
