"""``recado expand``: from a study's configuration to its participants' blocks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from recado_cli.common import Group, option
from recado_cli.expand.diff import diff
from recado_cli.expand.new import new
from recado_cli.expand.preview import preview
from recado_cli.expand.reading import read_study
from recado_cli.expand.schema import schema
from recado_cli.output import count, print_json, print_line, print_table, talk

if TYPE_CHECKING:
    from recado_experiment import Study


MOST: Final = 100_000
"""Participants whose blocks one table shows."""


@click.group(cls=Group)
def expand() -> None:
    """Expand study configurations."""


for each in (new, preview, diff, schema):
    expand.add_command(each)


@expand.command()
@click.argument("config", metavar="CONFIG", type=click.Path())
@option(
    "-r", "--range", "ranges", default="1-5", show_default=True, help="Participants."
)
@option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(config: str, ranges: str, as_json: bool) -> None:
    """Check a configuration, and show the blocks of its first participants.

    CONFIG is a file, or - for standard in. The exit code is 1 if one of the participants
    cannot be served.
    """
    from recado_experiment import parse_ranges
    from recado_experiment import verify as verified

    participants = parse_ranges(ranges)
    if len(participants) > MOST:
        raise click.UsageError(
            f"--range names {len(participants)} participants; {MOST} at once at most",
            click.get_current_context(),
        )
    study = read_study(config)
    verdicts = list(verified(study, participants))
    for warning in study.warnings:
        talk(f"warning: {warning}")
    if as_json:
        print_json(
            [_verdict(each.participant, each.names, each.problems) for each in verdicts]
        )
    else:
        print_table(
            ["participant", "blocks"],
            [
                [it.participant, ", ".join(map(str, it.names or it.problems))]
                for it in verdicts
            ],
        )
    failed = sum(not each.is_fine for each in verdicts)
    if failed:
        from recado_cli.failing import FailedError

        raise FailedError(f"{config}: {count(failed, 'participant')} cannot be served")


@expand.command()
@click.argument("config", metavar="CONFIG", type=click.Path())
@option("-i", "--participant", type=click.IntRange(min=1), help="One participant.")
@option("-r", "--range", "ranges", metavar="RANGES", help="N for 1 to N, or 1-50,60.")
@option(
    "-d",
    "--directory",
    metavar="DIR",
    type=click.Path(),
    help="One file for each participant, there.",
)
@option("--jsonl", is_flag=True, help="One line of JSON for each participant.")
@option("--blocks", is_flag=True, help="Whole blocks, not their configs alone.")
def generate(
    config: str,
    participant: int | None,
    ranges: str | None,
    directory: str | None,
    jsonl: bool,
    blocks: bool,
) -> None:
    """Print the configs of participants' blocks, as experiment-server does.

    One participant's are a JSON array. Several are a line each: the participant and what
    theirs are, unless -d is given. CONFIG is a file, or - for standard in.
    """
    if (participant is None) == (ranges is None):
        raise click.UsageError(
            "give either -i N or -r RANGES", click.get_current_context()
        )
    if directory and jsonl:
        raise click.UsageError("give either -d DIR or --jsonl")
    study = read_study(config)
    made = study.expand if blocks else study.configs
    if directory:
        _write(study, made, chosen(participant, ranges), Path(directory))
    elif participant is not None and not jsonl:
        print_json(made(participant))
    else:
        key = "blocks" if blocks else "configs"
        for number in chosen(participant, ranges):
            print_line({"participant": number, key: made(number)})


def chosen(participant: int | None, ranges: str | None) -> Iterable[int]:
    """Return the participants that are meant; a lone number of ``-r`` means 1 to it."""
    from recado_experiment import parse_ranges

    if participant is not None:
        return [participant]
    text = (ranges or "").strip()
    return parse_ranges(f"1-{text}" if text.isdecimal() and text != "1" else text)


def _write(study: Study, made: Any, participants: Iterable[int], folder: Path) -> None:
    from pydantic_core import to_json

    stem = Path(study.name).stem
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for participant in participants:
        file = folder / f"{stem}-participant_{participant}.json"
        file.write_bytes(to_json(made(participant), indent=2) + b"\n")
        written += 1
    talk(f"{count(written, 'file')} written to {folder}")


def _verdict(participant: int, names: Any, problems: Any) -> dict[str, Any]:
    return {
        "participant": participant,
        "blocks": list(names),
        "problems": [{"path": each.path, "text": each.text} for each in problems],
    }
