"""Read a study's text into tables, within bounds."""

from __future__ import annotations

import re

from recado_experiment.document.tables import Table, is_list, is_table
from recado_experiment.errors import refusal

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 100
MAX_BITS = 10_000
"""Of an integer; Python writes no longer ones as decimal numbers."""

_KEYS = re.compile(r"\(('.*?'),?\)")
"""A path of keys, as the reader of TOML writes it."""


def decoded(text: str | bytes, what: str) -> str:
    """Return a study as text; a file's bytes are UTF-8, with or without a mark.

    Raises:
        StudyError: if it is not UTF-8, or too long.
    """
    try:
        decoded = text if isinstance(text, str) else text.decode()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise refusal(what, "", f"not UTF-8: {error.reason}", line) from error
    if len(decoded) > MAX_CHARACTERS:
        raise refusal(
            what,
            "",
            f"{len(decoded)} characters long; at most {MAX_CHARACTERS} are read",
        )
    return decoded.removeprefix("\ufeff")


def parsed(text: str, what: str) -> Table:
    """Return the tables of a TOML document.

    Raises:
        StudyError: for text that is not TOML, with the line.
    """
    import tomli  # start-up of a service that meets no study does without it

    try:
        document = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise refusal(
            what, "", f"not TOML: {_sentence(error.msg)}", error.lineno
        ) from error
    except (ValueError, RecursionError) as error:  # endless digits, endless brackets
        raise refusal(what, "", f"not TOML: {_sentence(str(error))}") from error
    if excess := _excess(document):
        raise refusal(what, "", excess)
    return document


def _excess(document: Table) -> str:
    """Return what is too deep or too long in a document, or nothing."""
    level: list[object] = [document]
    for _ in range(MAX_DEPTH):
        level = [child for value in level for child in _children(value)]
        for value in level:
            if isinstance(value, int) and value.bit_length() > MAX_BITS:
                return f"an integer of {value.bit_length()} bits; at most {MAX_BITS}"
    return f"tables nested more than {MAX_DEPTH} deep" if level else ""


def _children(value: object) -> list[object]:
    if is_table(value):
        return list(value.values())
    return value if is_list(value) else []


def _sentence(text: str) -> str:
    text = _KEYS.sub(lambda keys: ".".join(re.findall("'(.*?)'", keys[1])), text)
    is_word = text[1:2].islower() or text[1:2] == " "
    return text[:1].lower() + text[1:] if is_word else text
