"""Studies that the tests of ``recado expand`` share."""

from __future__ import annotations

from typing import Final

LATIN: Final = """
[configuration]
order = [["a", "b"]]
within_groups_strategy = "latin_square"

[[blocks]]
name = "a"
config = { trials = 1 }

[[blocks]]
name = "b"
config = { trials = 2 }
"""


def crowded() -> str:
    """Return a study whose unique draws find nothing new for participant 5, and others."""
    items = list(range(20))
    call = f'{{ function_name = "choices", args = [{items}], params = {{ unique = true }} }}'
    calls = "".join(f"p{n} = {call}\n" for n in items)
    return (
        '[configuration]\norder = ["a"]\n'
        f'[[blocks]]\nname = "a"\n[blocks.config]\n{calls}'
    )
