"""What a run was started from: the dispatcher's logbook, printed for people and programs."""

from __future__ import annotations

from typing import Final, Literal

import click
from pydantic_core import to_json

from recado.errors import NotFoundError
from recado.schemas.dispatch import HOST, USER
from recado.schemas.events import FilterNote, LogbookReply, RunRow
from recado_cli.output import print_facts, print_json, print_table, when

_LONGEST: Final = 400


def print_part(
    run: RunRow, book: LogbookReply | None, part: Literal["request", "recipe"]
) -> None:
    """Print the request or the recipe of a run as JSON.

    Raises:
        NotFoundError: if it was not written down.
    """
    value = None if book is None else book.recipe if part == "recipe" else book.body
    if value is None:
        raise NotFoundError(f"the {part} of run {run.run!r} was not written down")
    print_json(value)


def print_logbook(book: LogbookReply | None) -> None:
    """Print a run's request, and what filters made of it."""
    if book is None:
        return
    click.echo()
    size = f"({book.body_bytes} bytes)"
    print_facts(
        [
            ("request", book.request),
            ("from", f"{book.headers.get(USER, '-')} at {book.headers.get(HOST, '-')}"),
            ("taken", when(book.at)),
            ("asks for", size if book.body is None else _short(book.body)),
            ("recipe", "-" if book.recipe is None else _short(book.recipe)),
        ]
    )
    if book.filters:
        click.echo()
        print_table(
            ["filter", "changed", "removed"],
            [[note.name, _changed(note), note.removed] for note in book.filters],
        )


def _changed(note: FilterNote) -> list[str]:
    return [f"{path} = {_short(value)}" for path, value in note.changed.items()]


def _short(value: object) -> str:
    text = to_json(value).decode()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
