"""The command as it is typed, on the embedded broker and with what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Command


def test_without_a_file_the_services_queues_are_made_on_any_broker(
    command: Command, folder: Path
) -> None:
    planned = json.loads(command("topology", "plan", "--json").out)
    was_made = (folder / ".recado").exists()
    applied = command("topology", "apply", "--yes")
    again = command("topology", "plan", "--exit-code")

    wanted = {step["name"] for step in planned}
    assert {"processing_recipe", "events", "dlq", "hello"} <= wanted
    assert not was_made, "to plan is not to make"
    assert {step["do"] for step in planned} == {"create"}
    assert applied.code == 0
    assert applied.err == f"recado: created {len(wanted)}\n"
    assert (again.code, again.err) == (0, "recado: everything is as it is wanted\n")


def test_the_exit_code_says_that_there_is_something_to_do_if_it_is_asked(
    command: Command,
) -> None:
    assert command("topology", "plan").code == 0
    assert command("topology", "plan", "--exit-code").code == 1


def test_nothing_is_made_without_a_yes(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = command("topology", "apply")

    assert asked.code != 0
    assert command("topology", "plan", "--exit-code").code == 1


def test_what_was_done_is_told_to_programs(command: Command) -> None:
    told = json.loads(command("topology", "apply", "--yes", "--json").out)

    assert (told["refused"], told["left"]) == ([], [])
    assert "events" in [step["name"] for step in told["done"]]


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["plan", "rabbit.yaml"], "is a topology for RabbitMQ"),
        (["plan", "--user-config", "."], "goes with the FILE"),
        (["apply", "--delete-nonempty"], "goes with --delete"),
        (["apply", "--json"], "goes with --yes"),
        (["plan", "--management", "http://localhost"], "name the file"),
        (["plan", "--management", "amqp://me:secret@a"], "unknown scheme 'amqp'"),
        (["plan", "none.yaml", "--broker", "amqp://a"], "cannot read none.yaml"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_asked(
    command: Command, folder: Path, args: list[str], text: str
) -> None:
    (folder / "rabbit.yaml").write_text("groups: []")

    result = command("topology", *args)

    assert result.code == 2
    assert text in result.err
    assert "secret" not in result.err


def test_every_fault_of_a_file_is_on_a_line_of_its_own(
    command: Command, folder: Path
) -> None:
    (folder / "rabbit.yaml").write_text("group: []\nexchanges: [{name: x}]")

    result = command("topology", "plan", "rabbit.yaml", "--broker", "amqp://a:1")

    assert result.code == 1
    assert result.err.splitlines()[0] == "recado: rabbit.yaml: 2 problems"
    assert "did you mean 'groups'?" in result.err
