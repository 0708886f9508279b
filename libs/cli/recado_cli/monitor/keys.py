"""Keys as they are pressed, on a terminal that shows none of them meanwhile."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Callable, Generator
from contextlib import contextmanager


@contextmanager
def keys_to(press: Callable[[str], None]) -> Generator[None]:
    """Have each key pressed in the block given to ``press``; nothing without a terminal."""
    if not sys.stdin.isatty():
        yield
        return
    handle = sys.stdin.fileno()
    former = termios.tcgetattr(handle)
    loop = asyncio.get_running_loop()

    def read() -> None:
        pressed = os.read(handle, 64)
        if not pressed:
            loop.remove_reader(handle)
        for key in pressed.decode(errors="replace"):
            press(key)

    tty.setcbreak(handle)
    loop.add_reader(handle, read)
    try:
        yield
    finally:
        loop.remove_reader(handle)
        termios.tcsetattr(handle, termios.TCSADRAIN, former)
