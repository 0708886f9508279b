"""Requests that are stored while the broker is away, and sent once it is there."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from recado.message import Message, decode
from recado.schemas.dispatch import DISPATCHER_QUEUE
from recado_cli.stored import store
from tests.unit.cli.conftest import AWAY, Command
from tests.unit.cli.embedded import Embedded

REQUEST: dict[str, Any] = {"recipes": ["hello"], "parameters": {}}


def files(folder: Path) -> list[str]:
    return sorted(os.listdir(folder / ".recado" / "drop"))


def put(folder: Path, name: str, text: str, at: int = 0) -> None:
    drop = folder / ".recado" / "drop"
    drop.mkdir(parents=True, exist_ok=True)
    (drop / name).write_text(text)
    os.utime(drop / name, (at, at))


# Storing


def test_while_the_broker_is_away_a_request_is_stored_and_that_is_said(
    command: Command, folder: Path
) -> None:
    result = command("go", "hello", "--broker", AWAY)

    (name,) = files(folder)
    path = folder / ".recado" / "drop" / name
    stored = json.loads(path.read_text())
    assert result.code == 0
    assert result.out.strip() == stored["message"]["parameters"]["guid"]
    first, second = result.err.splitlines()
    assert first.startswith(
        "recado: the request is not sent: broker amqp://127.0.0.1:1"
    )
    assert second == (
        f"recado: it is stored in {path}; "
        "'recado pickup' sends it once the broker is there"
    )


@pytest.mark.parametrize("option", ["--no-drop", "--wait", "--follow"])
def test_who_would_not_have_it_stored_or_waits_is_told_at_once(
    command: Command, folder: Path, option: str
) -> None:
    result = command("go", "hello", option, "--broker", AWAY)

    assert (result.code, result.out) == (1, "")
    assert len(result.err.splitlines()) == 1
    assert "secret" not in result.err
    assert not (folder / ".recado").exists()


def test_a_request_may_be_stored_in_any_case(command: Command, folder: Path) -> None:
    result = command("go", "hello", "--drop", "--json")

    said = json.loads(result.out)
    assert result.code == 0
    assert Path(said["stored"]).name == files(folder)[0]


def test_a_request_that_cannot_be_checked_here_is_stored_and_that_is_said(
    command: Command, folder: Path
) -> None:
    result = command("go", "study", "--drop", "--recipes", "nowhere")

    assert result.code == 0
    assert f"it is not checked: there is no folder {folder}/nowhere" in result.err


def test_a_bad_request_is_not_stored(command: Command, folder: Path) -> None:
    assert command("go", "helo", "--drop").code == 1
    assert not (folder / ".recado").exists()


@pytest.mark.parametrize("option", [("--broker", AWAY), ("--drop",)], ids=str)
def test_a_folder_that_cannot_be_written_is_told(
    command: Command, folder: Path, option: tuple[str, ...]
) -> None:
    (folder / ".recado").write_text("no folder")

    result = command("go", "hello", *option)

    assert (result.code, result.out) == (1, "")
    assert "recado: the request cannot be stored in" in result.err


# Checking


def test_a_run_that_could_not_start_is_not_sent(
    command: Command, folder: Path, site: Embedded
) -> None:
    (folder / "lost.json").write_text('{"1": {"queue": "helo"}, "start": [[1, {}]]}')

    result = command("go", "-f", "lost.json")

    assert result.code == 1
    assert "step 1: sends to queue 'helo', which nobody has declared" in result.err
    assert "did you mean 'hello'?" in result.err
    assert site.holds(DISPATCHER_QUEUE) == []


@pytest.mark.parametrize(
    ("recipe", "more"),
    [
        (
            '{"1": {"queue": "hello", "output": 2}, "2": {"queue": "helo"},'
            ' "start": [[1, {}]]}',
            (),
        ),
        ('{"1": {"queue": "helo"}, "start": [[1, {}]]}', ("--at", "+1h")),
    ],
    ids=["further on", "later"],
)
def test_a_queue_that_may_still_come_is_only_told(
    command: Command, folder: Path, site: Embedded, recipe: str, more: tuple[str, ...]
) -> None:
    (folder / "r.json").write_text(recipe)

    result = command("go", "-f", "r.json", *more)

    assert result.code == 0
    assert "sends to queue 'helo', which nobody has declared" in result.err
    assert len(site.holds(DISPATCHER_QUEUE)) == 1


def test_a_request_without_a_recipe_is_for_the_dispatchers_filters(
    command: Command, site: Embedded
) -> None:
    result = command("go", "-p", "7", "-s", "guid=r7")

    assert result.code == 0
    assert [decode(each.message.body) for each in site.holds(DISPATCHER_QUEUE)] == [
        {"recipes": [], "parameters": {"ispyb_process": 7, "guid": "r7"}}
    ]


def test_when_a_run_starts_and_how_urgently_travel_in_headers(
    command: Command, site: Embedded
) -> None:
    command(
        "go", "hello", "--at", "+1h", "--priority", "8", "--idempotency-key", "monday"
    )

    (held,) = site.holds(DISPATCHER_QUEUE)
    assert held.message.headers["recado-priority"] == "8"
    assert held.message.headers["recado-idempotency-key"] == "monday"
    assert float(held.message.headers["recado-start-at"]) > 1_700_000_000
    # The run is named by the key.
    assert "guid" not in decode(held.message.body)["parameters"]


# Picking up


def test_requests_are_sent_the_oldest_first_and_then_deleted(
    command: Command, folder: Path, site: Embedded
) -> None:
    for name, at in (("b", 3), ("a", 1), ("c", 2)):
        request = REQUEST | {"parameters": {"guid": f"run-{name}"}}
        put(folder, name, json.dumps({"headers": {}, "message": request}), at)

    result = command("pickup")

    bodies = [decode(each.message.body) for each in site.holds(DISPATCHER_QUEUE)]
    sent = [body["parameters"]["guid"] for body in bodies]
    assert result.code == 0
    assert sent == ["run-a", "run-c", "run-b"]
    assert files(folder) == []
    assert result.err == "recado: 3 requests sent\n"
    drop = folder / ".recado" / "drop"
    assert result.out.splitlines()[0] == f"{drop}/a sent: run run-a"


def test_what_go_stored_is_what_it_would_have_sent(
    command: Command, folder: Path, site: Embedded
) -> None:
    run = command("go", "hello", "--drop", "--priority", "9").out.strip()

    said = json.loads(command("pickup", "--json").out)

    (held,) = site.holds(DISPATCHER_QUEUE)
    assert (said["run"], said["request"]) == (run, held.message.id)
    assert held.message.headers["recado-priority"] == "9"
    assert decode(held.message.body)["parameters"]["guid"] == run


def test_zocalos_files_are_sent_and_shown_if_that_is_wished(
    command: Command, folder: Path, site: Embedded
) -> None:
    headers = {"zocalo.go.user": "ada", "zocalo.go.host": "ws9"}
    put(folder, "x", json.dumps({"headers": headers, "message": REQUEST}, indent=2))

    result = command("pickup", "-v", "--delay", "0", "--wait", "0")

    (held,) = site.holds(DISPATCHER_QUEUE)
    assert result.code == 0
    assert held.message.headers["zocalo.go.user"] == "ada"
    assert '"recipes": [\n    "hello"' in result.err


@pytest.mark.parametrize(
    "broken",
    ['{"headers": {}, "mess', '{"headers": {}, "message": {"recipes": "hello"}}'],
)
def test_a_broken_file_is_told_and_left_and_the_others_go(
    command: Command, folder: Path, site: Embedded, broken: str
) -> None:
    put(folder, "a", broken, 1)
    put(folder, "b", json.dumps({"headers": {}, "message": REQUEST}), 2)

    result = command("pickup")

    assert result.code == 1
    assert files(folder) == ["a"]
    assert len(site.holds(DISPATCHER_QUEUE)) == 1
    assert f"(left in {folder}/.recado/drop/a)" in result.err
    assert "recado: 1 request not sent, still in" in result.err


def test_without_anything_stored_no_broker_is_needed(
    command: Command, folder: Path
) -> None:
    result = command("pickup", "--broker", AWAY)

    assert (result.code, result.out) == (0, "")
    assert result.err == f"recado: no requests are stored in {folder}/.recado/drop\n"


@pytest.mark.parametrize("has_broker", [True, False])
def test_what_cannot_be_sent_stays(
    command: Command, folder: Path, broker: Embedded, has_broker: bool
) -> None:
    store(folder / ".recado" / "drop", Message(b'{"recipes": ["hello"]}', {}))
    if has_broker:
        broker.declare("hello")

    result = command("pickup", "--broker", broker.url if has_broker else AWAY)

    assert result.code == 1
    assert len(result.err.splitlines()) == 1
    assert ("dispatcher service never ran" in result.err) is has_broker
    assert len(files(folder)) == 1


def test_a_file_that_was_sent_and_stays_is_told(
    command: Command, folder: Path, site: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = store(folder / ".recado" / "drop", Message(b'{"recipes": ["hello"]}', {}))

    unlink = Path.unlink

    def fail(self: Path, missing_ok: bool = False) -> None:
        if self == path:
            raise OSError(errno.EROFS, "Read-only file system")
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", fail)
    result = command("pickup")

    assert result.code == 1
    assert f"{path} is sent and cannot be deleted: Read-only" in result.err
    assert len(site.holds(DISPATCHER_QUEUE)) == 1


def test_a_file_whose_name_is_no_text_is_printed_as_json(
    command: Command, folder: Path, site: Embedded
) -> None:
    path = store(folder / "drop", Message(b'{"recipes": ["hello"]}', {}))
    path.rename(folder / "drop" / os.fsdecode(b"stored\xff"))

    result = command("pickup", "drop", "--json")

    assert result.code == 0, result.err
    assert json.loads(result.out)["file"] == "drop/stored\\xff"


def test_another_folder_may_be_named(
    command: Command, folder: Path, site: Embedded
) -> None:
    store(folder / "elsewhere", Message(b'{"recipes": ["hello"]}', {}))

    assert command("pickup", "elsewhere").code == 0
    assert command("pickup", "nowhere").code == 2
    assert len(site.holds(DISPATCHER_QUEUE)) == 1
