"""Runs as they are printed: as a table, or all about one of them."""

from __future__ import annotations

from collections.abc import Sequence

import click

from recado.schemas.events import RunReply, RunRow, RunStep, RunStudy
from recado.schemas.letters import LetterLine
from recado_cli.output import print_facts, print_table, talk, when


def print_runs(rows: Sequence[RunRow]) -> None:
    """Print runs as a table."""
    heads = ["run", "state", "recipes", "sent", "handled", "failed", "dead", "started"]
    print_table(
        heads,
        [
            [
                row.run,
                row.state,
                _recipes(row),
                row.sent,
                row.handled,
                row.failed,
                row.dead,
                when(row.started_at),
            ]
            for row in rows
        ],
    )


def print_run(found: RunReply, letters: Sequence[LetterLine] | None) -> None:
    """Print all about a run: itself, its steps, its dead letters."""
    print_facts(
        [
            ("run", found.run),
            ("state", found.state),
            *_pending(found),
            ("user", found.user),
            ("recipes", _recipes(found)),
            ("parameters", _parameters(found)),
            (
                "messages",
                f"{found.sent} sent, {found.handled} handled, {found.dead} dead",
            ),
            ("failed attempts", found.failed),
            *(("study", _progress(each)) for each in found.studies),
            ("started", when(found.started_at)),
            ("last event", when(found.last_at)),
        ]
    )
    if found.steps:
        click.echo()
        _print_steps(found.steps)
    if letters is None:
        talk("the dead-letter service does not answer; its reasons are not shown")
    elif letters:
        click.echo()
        print_table(
            ["dead letter", "step", "queue", "reason", "text"],
            [
                [each.id, each.step, each.queue, each.reason, each.text]
                for each in letters
            ],
        )
        if found.dead > len(letters):
            talk(f"{found.dead - len(letters)} more: 'recado dlq ls --run {found.run}'")


def _print_steps(steps: Sequence[RunStep]) -> None:
    """Print what each service did for each step."""
    heads = [
        "step",
        "service",
        "queue",
        "handled",
        "failed",
        "dead",
        "sent",
        "ms",
        "ms each",
    ]
    print_table(
        heads,
        [
            [
                step.step,
                step.service,
                step.queue,
                step.handled,
                step.failed,
                step.dead,
                step.sent,
                step.ms_sum,
                step.ms_sum / step.handled if step.handled else None,
            ]
            for step in steps
        ],
    )


def _progress(study: RunStudy) -> str:
    return f"{study.study}: {study.done:,} of {study.asked:,} participants"


def _pending(found: RunRow) -> list[tuple[str, object]]:
    facts: list[tuple[str, object]] = []
    if found.text:
        facts.append(("why", found.text))
    if found.until is not None:
        facts.append(("until", when(found.until)))
    return facts


def _recipes(run: RunRow) -> list[str] | str | None:
    """Return a run's recipes; none as long as nobody has told that it started."""
    return run.recipes or ("(custom)" if run.started_at is not None else None)


def _parameters(found: RunReply) -> str:
    from pydantic_core import to_json

    return to_json(found.parameters).decode()
