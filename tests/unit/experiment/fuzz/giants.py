"""Studies as large as they may be, each of which would multiply something; by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

CHARACTERS: Final = 999_000

HEAD = '[configuration]\norder = ["a"]\n'
BLOCK = '[[blocks]]\nname = "a"\n[blocks.config]\n'
START = HEAD + BLOCK
CROSSED = '[configuration]\norder = ["g"]\n[[crossings]]\nname = "g"\n'
LONGEST = "9" * 3000
NUMBERS = list(range(10_000))


def many(text: str, length: int = CHARACTERS - 500) -> str:
    """Return a text again and again, each time with its number in the place of ``#``."""
    longest = len(text) + 5 * text.count("#")
    return "".join(text.replace("#", str(at)) for at in range(length // longest))


def ordered(order: str, rest: str) -> str:
    """Return a study with an order that goes through ``a``."""
    return f"[configuration]\norder = [{order}]\n{rest}"


def varied(value: str, rest: str) -> str:
    """Return a study with one variable, ``$V``."""
    return f"{HEAD}variables.V = {value}\n{rest}"


def call(name: str, args: str, more: str = "") -> str:
    return f"{{ function_name = '{name}', args = {args}{more} }}"


def ones(length: int) -> str:
    """Return an array of ones that is about so long."""
    return f"[{many('1,', length)}]"


UNIQUE = ", params = { unique = true }"
SHARED = call("choices", "{ population = '$V', weights = '$V' }")
GIVEN = call("choices", "'$V'")
MILLION = call("choices", "{ population = [1], k = 1_000_000 }")
CHILD = '[[blocks]]\nname = "b#"\nextends = "{parent}"\n'

REFUSED: Final[dict[str, tuple[Callable[[], str], str]]] = {
    "more text than is read": (lambda: many(" ", 2**20), "at most 1000000 are read"),
    "endless brackets": (lambda: START + "x = " + many("["), "nested more than"),
    "endless inline tables": (lambda: START + "x = " + many("{a="), "nested more than"),
    "an endless dotted key": (lambda: START + many("a.") + "a = 1", "1000 parts"),
    "an endless header": (lambda: START + f"[{many('a.')}a]", "1000 parts"),
    "an endless quoted key": (lambda: START + many('"a".') + "a = 1", "1000 parts"),
    "an endless number": (lambda: START + "x = " + many("9"), "limit (4300 digits)"),
    "an endless number in base 16": (
        lambda: START + "x = 0x" + many("f"),
        "bits; at most 10000",
    ),
    "a text without end": (lambda: START + 'x = "' + many("x"), "unterminated string"),
    "nothing but quotes": (lambda: many('"'), "expected '='"),
    "nothing but lines": (lambda: many("\n"), "configuration: missing"),
    "nothing but zeros": (lambda: many("\0"), "invalid statement"),
    "names that nobody has": (lambda: ordered(many('"z",'), BLOCK), "no block 'z'"),
    "blocks of one name": (
        lambda: HEAD + many('[[blocks]]\nname = "a"\nconfig = {}\n'),
        "'a' is the name of blocks[0] as well",
    ),
    "long names again and again": (
        lambda: varied(
            f"'{many('x', 500_000)}'",
            many('[[blocks]]\nname = "$V"\nconfig = {}\n', 450_000),
        ),
        "is the name of blocks[0] as well",
    ),
    "arrays for parents": (
        lambda: varied(
            ones(500_000),
            many('[[blocks]]\nname = "b#"\nextends = "$V"\n', 450_000),
        ),
        "no block [1, 1, 1",
    ),
    "a circle of parents": (
        lambda: HEAD + many(CHILD.format(parent="b#") + CHILD.format(parent="b0")),
        "'b0' is the name of blocks[0] as well",
    ),
    "long chains into a circle": (
        lambda: HEAD
        + "".join(
            f'[[blocks]]\nname = "b{at}"\nextends = "b{min(at + 1, 17_999)}"\n'
            for at in range(18_000)
        ),
        "the blocks inherit more than 1000000 values",
    ),
    "a large parent of many": (
        lambda: HEAD
        + '[[blocks]]\nname = "p"\n[blocks.config]\n'
        + many("k# = 1\n", 400_000)
        + many(CHILD.format(parent="p"), 500_000),
        "the blocks inherit more than 1000000 values",
    ),
    "a large variable in many places": (
        lambda: varied(
            f"{{ {many('k# = 1, ', 400_000)} z = 1 }}",
            BLOCK + many('k# = "$V"\n', 500_000),
        ),
        "more than 1000000 values",
    ),
    "a long text in many places": (
        lambda: varied(f"'{many('x', 500_000)}'", BLOCK + many('k# = "$V"\n', 450_000)),
        "more than 1000000 values",
    ),
    "a large population of many calls": (
        lambda: varied(
            ones(500_000),
            BLOCK + many(f"k# = {SHARED}\n", 450_000),
        ),
        "more than 1000000 values",
    ),
    "a long text drawn by many calls": (
        lambda: varied(
            f"{{ population = ['{many('x', 500_000)}'] }}",
            BLOCK + many(f"k# = {GIVEN}\n", 450_000),
        ),
        "more than 1000000 values",
    ),
    "a million items in many calls": (
        lambda: START + many(f"k# = {MILLION}\n"),
        "values, drawn ones included; at most 2000000 are made",
    ),
    "a million items in a block that comes often": (
        lambda: ordered(many('"a",'), f"{BLOCK}x = {MILLION}"),
        "values, drawn ones included; at most 2000000 are made",
    ),
    "a million large items": (
        lambda: START
        + "x = "
        + call("choices", f"{{ population = [{ones(500_000)}], k = 1_000_000 }}"),
        "values, drawn ones included; at most 2000000 are made",
    ),
    "a long text in a block that comes often": (
        lambda: ordered(many('"a",', 500_000), f"{BLOCK}x = '{many('x', 450_000)}'"),
        "values, drawn ones included; at most 2000000 are made",
    ),
    "a shuffle in a block that comes often": (
        lambda: ordered(
            many('"a",', 500_000), BLOCK + "x = " + call("shuffle", f"[{ones(450_000)}]")
        ),
        "values, drawn ones included; at most 2000000 are made",
    ),
    "too few items for a block that comes often": (
        lambda: ordered(
            many('"a",', 500_000),
            BLOCK + "x = " + call("sample", f"[{ones(400_000)}, 2]", UNIQUE),
        ),
        "different items are needed",
    ),
    "factors without end": (
        lambda: CROSSED + f"factors = {{ {many('f# = [1, 2], ')} z = [1] }}",
        "combinations or more; at most 10000 are crossed",
    ),
    "long names of crossed blocks": (
        lambda: CROSSED + f"factors = {{ a = {NUMBERS}, b = ['{many('x', 500_000)}'] }}",
        "crossings make more than 1000000 values in all",
    ),
    "a large config of crossed blocks": (
        lambda: CROSSED
        + f"factors = {{ a = {NUMBERS} }}\n[crossings.config]\n"
        + many("k# = 1\n", 500_000),
        "crossings make more than 1000000 values in all",
    ),
    "crossings without end": (
        lambda: CROSSED
        + "factors = '$V'\n"
        + many("[[crossings]]\nname = 'g#'\nfactors = '$V'\n")
        + f"[configuration.variables.V]\na = {NUMBERS[:100]}\nb = {NUMBERS[:100]}",
        "crossings make more than 1000000 values in all",
    ),
    "patterns of all kinds": (
        lambda: CROSSED
        + f"factors = {{ {many('f# = [1], ', 20_000)} a = {NUMBERS} }}\n"
        + f"exclude = [{many('{ f# = 1 }, ', 20_000)}]",
        "different sets of factors",
    ),
    "a crossing that is ordered often": (
        lambda: CROSSED.replace('"g"', many('"g",', 800_000), 1)
        + f"factors = {{ a = {NUMBERS} }}",
        "blocks, crossings' included; at most 1000000",
    ),
}  # fmt: skip

EXPANDED: Final[dict[str, Callable[[], str]]] = {
    "a long text": lambda: START + f'x = "{many("x")}"',
    "headers as deep as they go": lambda: START + many(f"[x#.{'a.' * 90}b]\n"),
    "escapes": lambda: START + "x = '" + many("\\u0041") + "'",
    "a long key": lambda: START + f"{many('x')} = 1",
    "tables in a table": lambda: START + f"x = {{ {many('k# = {}, ')} z = 1 }}",
    "arrays in a table": lambda: START + many("k# = []\n"),
    "numbers that are none": lambda: START + f"x = [{many('nan,')}]",
    "keys that nobody reads": lambda: HEAD + many("k# = 1\n") + BLOCK,
    "marks in an array": lambda: START + "x = [" + many('"$V",') + "]",
    "a block that comes often": lambda: ordered(many('"a",'), BLOCK),
    "a Williams design of all there is": lambda: ordered(
        many('"a",'), f"groups_strategy = 'williams'\n{BLOCK}"
    ),
    "a row for each of many participants": lambda: (
        BLOCK
        + "[configuration.order]\n"
        + "".join(f"{at} = ['a']\n" for at in range(1, 60_000))
    ),
    "rows that come together only after billions": lambda: BLOCK
    + "".join(
        f"[configuration.{key}]\n" + "".join(f"{at} = ['a']\n" for at in range(1, count))
        for key, count in [("order", 20_000), ("init_blocks", 19_998), ("final_blocks", 19_994)]
    ),
    "a long chain of parents": lambda: HEAD.replace('"a"', '"b0"')
    + "".join(f'[[blocks]]\nname = "b{at}"\nextends = "b{at + 1}"\n' for at in range(20_000))
    + '[[blocks]]\nname = "b20000"\nconfig = {}',
    "calls with one id": lambda: START + many(f"k# = {call('choices', '[[1]]', ', id = 1')}\n"),
    "a few of many, again and again": lambda: ordered(
        many('"a",', 300_000), BLOCK + "x = " + call("sample", f"[{ones(600_000)}]")
    ),
    "all of many, one after another": lambda: ordered(
        many('"a",', 300_000), BLOCK + "x = " + call("sample", f"[{ones(600_000)}]", UNIQUE)
    ),
    "two million values": lambda: START
    + f"x = {call('uniform', '{ k = 1_000_000 }')}\n"
    + f"y = {call('randint', '{ low = 1, high = 9, k = 990_000 }')}",
    "a crossing with all patterns": lambda: CROSSED
    + f"factors = {{ a = {NUMBERS} }}\nexclude = [{many('{ a = # }, ', 100_000)}]",
    "an integer of all the digits there may be": lambda: (
        f"{HEAD}random_seed = {LONGEST}\n{BLOCK}x = {LONGEST}\n"
        + "y = " + call("randint", f"[-{LONGEST}, {LONGEST}]")
    ),
}  # fmt: skip
