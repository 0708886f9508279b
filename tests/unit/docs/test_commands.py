"""Every command that a page names exists, with the options that it is given."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from recado_cli.main import recado
from tests.page import blocks

ROOT = Path(__file__).parents[3]
VARIABLE = re.compile(r"[A-Z_]+=.*")
OPTION = re.compile(r"--?[a-z][a-z-]*")


def commands(page: Path) -> list[list[str]]:
    """Return the commands in a page's consoles and between its backquotes, in words."""
    text = page.read_text("utf-8")
    lines = [
        line
        for each in blocks(page)
        if each.kind == "console"
        for line in each.entered()
    ]
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    lines += re.findall(r"`([^`\n]+)`", prose)
    return [words for line in lines if (words := in_words(line))]


def in_words(line: str) -> list[str]:
    """Return a command's words from its name on; none if it is not make or recado."""
    try:
        words = shlex.split(line)
    except ValueError:
        return []
    while words and VARIABLE.fullmatch(words[0]):
        words.pop(0)
    if words and words[0].removeprefix(".venv/bin/") == "recado":
        return ["recado", *words[1:]]
    return words if words[:1] == ["make"] else []


def problem(words: list[str]) -> str:
    """Return what is wrong with a command; empty if nothing is."""
    return make_problem(words[1:]) if words[0] == "make" else recado_problem(words[1:])


def make_problem(targets: list[str]) -> str:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    known = {
        *re.findall(r"^([a-z-]+):", makefile, re.M),
        *re.findall(r"^([A-Z]+) \?=", makefile, re.M),
    }
    unknown = [each for each in targets if each.partition("=")[0] not in known]
    return f"make has no {unknown}" if unknown else ""


def recado_problem(words: list[str]) -> str:
    context = click.Context(recado)
    command: click.Command = recado
    known = options(recado) | {"-h", "--help"}
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-"):
            found = command.get_command(context, word)
            if found is None:
                return f"{command.name} has no command {word!r}"
            command = found
            known |= options(command)
        elif OPTION.fullmatch(word) and word not in known:
            return f"{command.name} has no option {word}"
    return ""


def options(command: click.Command) -> set[str]:
    return {name for param in command.params for name in param.opts}


def test_every_command_exists(page: Path) -> None:
    assert [found for words in commands(page) if (found := problem(words))] == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("make demo", ""),
        ("make dmeo", "make has no ['dmeo']"),
        ("RECADO_ENV=lab .venv/bin/recado go study --wait", ""),
        ("recado go study --wiat", "go has no option --wiat"),
        ("recado dlq burn", "dlq has no command 'burn'"),
    ],
)
def test_a_command_that_is_wrong_is_noticed(line: str, expected: str) -> None:
    assert problem(in_words(line)) == expected
