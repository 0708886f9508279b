"""Studies for tests: short to write, whole when read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

BLOCKS = """
[[blocks]]
name = "a"
[blocks.config]
x = 1
[[blocks]]
name = "b"
[blocks.config]
x = 2
[[blocks]]
name = "c"
[blocks.config]
x = 3
"""

MakeText = Callable[..., str]


@pytest.fixture
def with_call() -> MakeText:
    """Write a study whose block ``a``, on line 4, has a call on line 5."""

    def write(call: str, times: int = 1, order: str = "") -> str:
        order = order or str(["a"] * times)
        return (
            f'[configuration]\norder = {order}\n[[blocks]]\nname = "a"\n'
            f"config.p = {call}\n"
        )

    return write


@pytest.fixture
def ordered() -> MakeText:
    """Write a study of the blocks a, b and c, with settings of one's own."""

    def write(settings: str) -> str:
        return f"[configuration]\n{settings}\n{BLOCKS}"

    return write
