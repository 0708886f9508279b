"""Reading a study from where the command line names it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import click

if TYPE_CHECKING:
    from recado_experiment import Study

STANDARD_IN: Final = "-"


def read_study(config: str) -> Study:
    """Read a study from a file, or from standard in.

    Raises:
        StudyError: with every problem of it.
        NotFoundError: if there is no such file; the text offers the nearest names.
        OSError: if it cannot be read.
    """
    from recado_experiment import Study

    return Study.read(read_text(config), named(config))


def read_text(config: str) -> bytes:
    """Return the bytes of a study, from a file or from standard in.

    Raises:
        StudyError: if there are more of them than a study may have.
        NotFoundError: if there is no such file; the text offers the nearest names.
        OSError: if it cannot be read.
    """
    if config == STANDARD_IN:
        return _bounded(sys.stdin.buffer, config)
    path = Path(config)
    # What another command writes, as in <(git show HEAD:study.toml), has no suffix.
    if path.suffix != ".toml" and not path.is_fifo():
        raise misnamed(config)
    try:
        with path.open("rb") as file:
            return _bounded(file, config)
    except FileNotFoundError as error:
        from recado.errors import NotFoundError, nearest

        there = [each.name for each in path.parent.glob("*.toml")]
        hint = nearest(path.name, there) if there else ""
        raise NotFoundError(f"no file {config!r}{hint}") from error


def misnamed(file: str) -> click.UsageError:
    """Return the error for a file whose name is not a study's."""
    return click.UsageError(
        f"a study's file ends in .toml, and {file!r} does not",
        click.get_current_context(silent=True),
    )


def named(config: str) -> str:
    """Return what errors call a study."""
    return "standard in" if config == STANDARD_IN else config


def stem_of(config: str) -> str:
    """Return how the files made of a study begin."""
    return "study" if config == STANDARD_IN else Path(config).stem


def _bounded(file: BinaryIO, config: str) -> bytes:
    from recado_experiment import StudyError, StudyProblem
    from recado_experiment.document.reading import MAX_CHARACTERS

    most = 4 * MAX_CHARACTERS
    text = file.read(most + 1)
    if len(text) > most:
        said = (
            f"more than {most} bytes long; at most {MAX_CHARACTERS} characters are read"
        )
        raise StudyError(named(config), [StudyProblem("", said)])
    return text
