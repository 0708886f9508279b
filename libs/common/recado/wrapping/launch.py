"""Becomes a job: started by ``recado wrap``, with the line's descriptor and the command.

Run as a file, without recado or anything else imported: ``launch.py PARENT FD PROGRAM
ARG...``. The line becomes descriptor 3, and whoever kills ``recado wrap`` kills the job.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

LINE = 3
NOT_EXECUTABLE = 126
NOT_FOUND = 127
_DIE_WITH_PARENT = 1


def _die_with(parent: int) -> None:
    """Have the kernel end this process when its parent ends; only Linux can."""
    if sys.platform != "linux":
        return
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def main(parent: str, line: str, *command: str) -> int:
    """Become the command; return only if that cannot be."""
    _die_with(int(parent))
    if int(line) == LINE:
        os.set_inheritable(LINE, True)
    else:
        os.dup2(int(line), LINE)
        os.close(int(line))
    for name in ("SIGPIPE", "SIGXFSZ"):
        # Python has set them aside, and the command would inherit that.
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"recado: {command[0]}: {error.strerror}", file=sys.stderr)
        is_missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        return NOT_FOUND if is_missing else NOT_EXECUTABLE


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
