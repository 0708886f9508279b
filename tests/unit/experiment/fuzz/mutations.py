"""Texts that are nearly studies: whole ones, and what is done to them."""

from __future__ import annotations

import re
from random import Random
from typing import Final

from tests.unit.experiment.recorded import CASES

_SCALAR = re.compile(r'"[^"]*"|\b[0-9.]+\b|\b(?:true|false)\b')
OWN: Final = """
[configuration]
order = [["g", "a"], ["b", "p"]]
groups_strategy = "williams"
within_groups_strategy = "balanced_square"
init_blocks = { 1 = ["a"], 2 = [] }
expand_arrays = true
random_seed = 7
variables.ONCE = { unique = true }
variables.MANY = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]
variables.SIZES = [1, 2]
variables.ONE = { function_name = "randint", args = [1, 6] }
[[blocks]]
name = "a"
[blocks.config]
deal = { function_name = "sample", args = { population = "$MANY", k = 2 }, params = "$ONCE" }
some = ["$ONE", { function_name = "uniform", args = { low = -1, high = 1, digits = 2, k = 3 } }]
bell = { function_name = "normal", args = { mean = 100, sd = 15, low = 70, high = 130 } }
all = { function_name = "shuffle", args = [["x", "y", "z"]], id = "one" }
next = { function_name = "sequence", args = { items = [1, 2, 3], start = "participant" } }
[[blocks]]
name = "b"
extends = "a"
[[crossings]]
name = "g"
extends = "a"
factors = { size = "$SIZES", kind = [{ name = "k", config = { x = 1 } }, true] }
exclude = [{ size = 1, kind = "k" }]
[[crossings]]
name = "p"
mode = "paired"
factors = { x = [1, 2, 3], y = [0.5, 1.5, 2.5] }
include = [{ x = 1 }, { x = 2 }, { y = 2.5 }]
"""
TEXTS: Final[list[str]] = [
    *(case["toml"] for case in CASES["valid"] * 4),
    *(case["toml"] for case in CASES["invalid"]),
    *[OWN] * 40,
]

VALUES: Final = [
    *("nan", "inf", "-inf", "1e308", "5e-324", "-1", "0", "9" * 30, "0x" + "f" * 3000),
    *("''", '"$X"', '"$"', "[]", "[[]]", "{}", "true", "2024-01-01", "07:30:00", "1.0"),
    *(
        '"latin_square"',
        '"williams"',
        '"randomize"',
        '"choices"',
        '"sample"',
        '"normal"',
    ),
    *("{ function_name = 'choices', args = [[1, 2]] }", "{ id = 1, args = [] }", "2"),
    *(
        "1_000_000",
        "['a', 'a']",
        "[['a'], ['b']]",
        "{ 1 = ['a'], 2 = [] }",
        "{ a = 1 }",
    ),
]
PIECES: Final = [
    *("[", "]", "{", "}", '"', "'''", "=", ".", ",", "\n", "#", "\\", "\0", "\ufeff"),
    *("[[blocks]]\n", "[configuration]\n", "[[crossings]]\n", "order = ", "extends = "),
    *("['a'," * 50, "{ a = " * 101, "x." * 99, "é", "\r\n", "\x7f", "\ud800", "🙂"),
]


def mutated(text: str, random: Random) -> str:
    """Return a text with a thing or two done to it that nobody would do."""
    for _ in range(random.choice([1, 1, 1, 2, 2, 3, 9])):
        text = random.choice([*[_with_a_value] * 5, *[_with_lines] * 2, _with_a_piece])(
            text, random
        )
    return text


def _with_a_value(text: str, random: Random) -> str:
    """Put a value in the place of one, of the same study or another one."""
    lines = text.split("\n")
    pairs = [at for at, line in enumerate(lines) if " = " in line]
    if not pairs:
        return text
    at = random.choice(pairs)
    key, _, value = lines[at].partition(" = ")
    other = lines[random.choice(pairs)].partition(" = ")[2]
    new = random.choice([other, *random.sample(VALUES, 3)])
    parts = [match.span() for match in _SCALAR.finditer(value)]
    if parts and random.random() < 0.6:
        start, end = random.choice(parts)
        new = value[:start] + new + value[end:]
    lines[at] = f"{key} = {new}"
    return "\n".join(lines)


def _with_lines(text: str, random: Random) -> str:
    """Leave out a line, say one twice, or let two change places."""
    lines = text.split("\n")
    at, to = random.randrange(len(lines)), random.randrange(len(lines))
    match random.randrange(3):
        case 0:
            del lines[at]
        case 1:
            lines.insert(to, lines[at])
        case _:
            lines[at], lines[to] = lines[to], lines[at]
    return "\n".join(lines)


def _with_a_piece(text: str, random: Random) -> str:
    """Put in what makes it no TOML, or leave some letters out."""
    at = random.randint(0, len(text))
    letter = chr(random.randrange(0xD800))
    return (
        text[:at]
        + random.choice(["", letter, *PIECES])
        + text[at + random.randrange(9) :]
    )
