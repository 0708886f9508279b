"""Studies whose participants have as many blocks, or as much luck, as a test needs."""

from __future__ import annotations


def study_of(*lengths: int, x: int = 0) -> str:
    """Write a study where participants have so many blocks, in turn: b0, b1, …

    ``x`` stands in each block's config, to tell one study from another.
    """
    names = [f"b{index}" for index in range(max(lengths))]
    rows = [f"{row} = {names[:size]}" for row, size in enumerate(lengths, start=1)]
    blocks = [
        f'[[blocks]]\nname = "{name}"\nconfig = {{ x = {x} }}'
        for name in [*names, "spare"]
    ]
    return "\n".join(["[configuration.order]", *rows, *blocks])


CHANCY = """
[configuration]
order = ["b0"]
[[blocks]]
name = "b0"
[blocks.config.p]
function_name = "choices"
params = { unique = true }
[blocks.config.p.args]
population = [1, 2, 3, 4, 5]
k = 5
"""
"""A study whose draws do not find five different items for everybody."""
UNLUCKY = (5, 7, 8)
"""For whom of the first nine they do not."""
