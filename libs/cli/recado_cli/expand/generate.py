"""``recado expand generate``: participants' configs, or their whole blocks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from recado_cli.common import Command, option
from recado_cli.expand.participants import meant, participants_options
from recado_cli.expand.reading import named, read_text, stem_of
from recado_cli.expand.writing import Make, write_files, write_lines
from recado_cli.output import count, talk
from recado_cli.progress import Progress

if TYPE_CHECKING:
    from recado_experiment import Ranges, Study

MANY: Final = 1_000
"""From so many participants on there is a progress bar."""
STEP: Final = 100
"""Participants from one look at the bar to the next."""


@click.command(cls=Command)
@click.argument("config", metavar="CONFIG", type=click.Path())
@participants_options
@option(
    "-d",
    "--directory",
    "--out-dir",
    "directory",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="One file for each participant, there.",
)
@option("--jsonl", is_flag=True, help="Lines that say whose they are, and of what.")
@option("--blocks", is_flag=True, help="Whole blocks, not their configs alone.")
def generate(
    config: str,
    participant: int | None,
    ranges: Ranges | None,
    directory: Path | None,
    jsonl: bool,
    blocks: bool,
) -> None:
    """Print the configs of participants' blocks, as experiment-server does.

    Each participant's are a JSON array on a line of its own. CONFIG is a file, or - for
    standard in.
    """
    from recado_experiment import Study

    if directory and jsonl:
        raise click.UsageError(
            "give either -d DIR or --jsonl", click.get_current_context()
        )
    participants = meant(participant, ranges)
    text = read_text(config)
    study = Study.read(text, named(config))
    if directory:
        make = _array(study, blocks, indent=2)
        with _bar(participants, is_free=True) as bar:
            write_files(make, _watched(participants, bar), directory, stem_of(config))
        talk(f"{count(len(participants), 'file')} written to {directory}")
        return
    made = _line(study, text, blocks) if jsonl else _array(study, blocks)
    with _bar(participants, is_free=not sys.stdout.isatty()) as bar:
        write_lines(made, _watched(participants, bar))


def _array(study: Study, blocks: bool, indent: int | None = None) -> Make:
    """Return what makes the text that experiment-server makes, letter by letter."""
    expand = study.expand if blocks else study.configs
    return lambda participant: json.dumps(expand(participant), indent=indent)


def _line(study: Study, text: bytes, blocks: bool) -> Make:
    """Return what makes a line like the expander's messages."""
    from pydantic_core import to_json

    from recado_experiment import provenance

    digest = sha256(text).hexdigest()
    key, expand = ("blocks", study.expand) if blocks else ("configs", study.configs)

    def made(participant: int) -> str:
        line = {
            "participant": participant,
            key: expand(participant),
            "provenance": provenance(study, digest, participant),
        }
        return to_json(line).decode()

    return made


def _bar(participants: Ranges, *, is_free: bool) -> Progress:
    """Return a bar; it is seen if there are many participants, and no lines beside it."""
    return Progress("participants", is_shown=is_free and len(participants) >= MANY)


def _watched(participants: Ranges, bar: Progress) -> Iterator[int]:
    for done, participant in enumerate(participants):
        if done % STEP == 0:
            bar.show(done, len(participants))
        yield participant
