"""Whom and what is meant: a participant; a study that services find, or a file as it is."""

from __future__ import annotations

import click

from recado_cli.common import F, option
from recado_cli.expand.reading import named, read_text

participant_option = option(
    "-p",
    "--participant",
    metavar="N",
    type=click.IntRange(min=1),
    help="Whom; the session's default participant if nobody is named.",
)


def study_arguments(command: F) -> F:
    """Add STUDY and ``-f``."""
    study = click.argument("study", metavar="[STUDY]", required=False)
    file = option(
        "-f",
        "--file",
        metavar="FILE",
        type=click.Path(),
        help="The study itself, from a file or - for standard in.",
    )
    return study(file(command))


def given_study(study: str | None, file: str | None) -> dict[str, str]:
    """Return the study as the client takes it: its name, or its text.

    Raises:
        UsageError: if neither or both are given.
        StudyError: if the file is too long for a study, or not UTF-8.
    """
    if (study is None) == (file is None):
        raise click.UsageError(
            "give a STUDY or -f FILE, one of them", click.get_current_context()
        )
    if study is not None:
        return {"study": study}
    from recado_experiment.document.reading import decoded

    return {"text": decoded(read_text(str(file)), named(str(file)))}
