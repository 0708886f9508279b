"""Bounds of time and memory that whatever comes in has to stay within."""

from __future__ import annotations

import resource
import signal
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

CPU_S: Final = 30.0
MEMORY: Final = 1024**3
"""Bytes that may be mapped over what there was before."""

_PAGE: Final = resource.getpagesize()


@contextmanager
def bounded(cpu_s: float = CPU_S, memory: int = MEMORY) -> Generator[None]:
    """Let what is done use so much processor time and memory, and no more.

    Raises:
        TimeoutError: in the midst of it, once the time is used up.
        MemoryError: for memory beyond the bound.
    """

    def stop(_number: int, _frame: object) -> None:
        raise TimeoutError(f"more than {cpu_s:g} s of processor time")

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = signal.signal(signal.SIGVTALRM, stop)
    resource.setrlimit(resource.RLIMIT_AS, (pages * _PAGE + memory, hard))
    signal.setitimer(signal.ITIMER_VIRTUAL, cpu_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGVTALRM, before)
