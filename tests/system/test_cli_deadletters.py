"""Dead letters that the service keeps: counted by a check, and copied into files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from recado.dumps import read_dump
from tests.system.cli_process import run, up

SERVICES = "dispatcher,eventstore,deadletter,hello"


def test_letters_of_the_service_are_counted_and_exported(tmp_path: Path) -> None:
    with up(tmp_path, "--only", SERVICES):
        before = run(tmp_path, "dlq", "check")
        for _ in range(2):
            run(tmp_path, "go", "fails", "--wait")
        (letter, _) = json.loads(run(tmp_path, "dlq", "ls", "--json").stdout)["letters"]

        found = run(tmp_path, "dlq", "check", "--json")
        exported = run(tmp_path, "dlq", "export", "--run", letter["run"])
        none = run(tmp_path, "dlq", "export", "--reason", "timeout")
        path = exported.stdout.strip()
        shown = run(tmp_path, "dlq", "reinject", "--dry-run", path)
        after = run(tmp_path, "dlq", "check")

    assert (before.returncode, before.stdout) == (0, ""), before.stderr
    assert found.returncode == 1
    assert json.loads(found.stdout)["letters"] == {"hello": 2}
    dump = read_dump(Path(path).read_bytes())
    assert (dump.message.id, dump.destination.name) == (letter["message"], "hello")
    assert dump.header["x-death"][0]["reason"] == "schema"
    assert (none.returncode, none.stdout) == (0, "")
    assert shown.stdout == f"{path} would be sent to hello\n"
    assert after.returncode == 1
    assert after.stdout == "2 dead letters of hello\n"


def test_a_service_that_is_gone_may_keep_letters(tmp_path: Path) -> None:
    with up(tmp_path, "--only", "deadletter"):
        pass

    found = run(tmp_path, "dlq", "check")

    assert found.returncode == 2
    assert "the dead-letter service does not answer" in found.stderr


def test_a_run_knows_of_a_letter_that_was_sent_from_a_file(tmp_path: Path) -> None:
    with up(tmp_path, "--only", SERVICES):
        run_id = run(tmp_path, "go", "fails", "--wait").stdout.strip()
        path = run(tmp_path, "dlq", "export").stdout.strip()
        sent = run(tmp_path, "dlq", "reinject", path)

        events = until_dead_again(tmp_path, run_id)
        shown = json.loads(run(tmp_path, "run", "show", run_id, "--json").stdout)

    assert sent.returncode == 0, sent.stderr
    retried = next(each for each in events if each["type"] == "message.retried")
    assert retried["data"]["retries"] == 1
    assert (shown["run"]["state"], shown["run"]["dead"]) == ("incomplete", 1)


def until_dead_again(folder: Path, run_id: str) -> list[dict[str, Any]]:
    """Wait until a run's message has died twice; return the run's events."""
    events: list[dict[str, Any]] = []
    for _ in range(20):
        words = ("events", "read", f"run-{run_id}", "--json")
        lines = run(folder, *words).stdout.splitlines()
        events = [json.loads(line) for line in lines]
        if [each["type"] for each in events].count("message.dead") == 2:
            return events
    raise AssertionError(f"it did not die again: {events}")
