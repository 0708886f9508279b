"""``recado dlq purge`` writes a message down before it takes it off its queue."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from recado.dumps import read_dump
from recado.letter import Letter
from recado.message import HISTORY, ID, RETRIES, Message
from tests.unit.cli.conftest import Command
from tests.unit.cli.embedded import Embedded


def dead(id_: str, body: bytes = b"{}") -> Message:
    headers = {ID: id_, "own": "x", **Letter("error", "why", "resize", 5, 1e9).header()}
    return Message(body, headers)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_each_message_is_in_a_file_of_the_day_that_it_died_on(
    command: Command, broker: Embedded, folder: Path
) -> None:
    broker.put("dlq.resize", dead("one"), dead("two", b"\xff"))

    result = command("dlq", "purge")

    assert result.code == 0, result.err
    assert broker.ids("dlq.resize") == []
    assert [Path(line) for line in sorted(result.out.splitlines())] == files(
        folder / "DLQ"
    )
    one, two = (read_dump(path.read_bytes()) for path in files(folder / "DLQ"))
    assert (one.message.id, one.body, one.destination.name) == ("one", b"{}", "resize")
    assert (two.message.id, two.body) == ("two", b"\xff")
    assert files(folder / "DLQ")[0].name.endswith("-000-one")
    assert "2 messages of dlq.resize in files" in result.err


def test_the_location_is_the_settings_or_the_options(
    command: Command,
    broker: Embedded,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RECADO_PURGE", "there")
    broker.put("dlq.a", dead("one"))
    assert command("dlq", "purge", "a").code == 0
    broker.put("dlq.a", dead("two"))

    result = command("dlq", "purge", "dlq.a", "--location", "here", "--json")

    assert len(files(folder / "there")) == 1
    (path,) = files(folder / "here")
    told = json.loads(result.out)
    assert (told["queue"], folder / told["file"]) == ("dlq.a", path)


def test_only_the_queues_named_are_emptied_and_never_recados_own(
    command: Command, broker: Embedded
) -> None:
    for queue in ("dlq", "dlq.a", "dlq.b"):
        broker.put(queue, dead(queue))

    assert command("dlq", "purge", "a").code == 0
    assert broker.ids("dlq.a") == []
    assert command("dlq", "purge", "dlq").code == 2
    assert command("dlq", "purge").code == 0

    assert broker.ids("dlq.b") == []
    assert broker.ids("dlq") == ["dlq"]


def test_a_queue_that_is_not_there_is_told(command: Command, broker: Embedded) -> None:
    broker.put("dlq.a", dead("one"))

    result = command("dlq", "purge", "a", "wrong")

    assert result.code == 1
    assert "nobody has declared: 'dlq.wrong'" in result.err
    assert broker.ids("dlq.a") == ["one"]


def test_messages_that_look_alike_have_files_of_their_own(
    command: Command, broker: Embedded, folder: Path
) -> None:
    nameless = Message(b"1", {k: v for k, v in dead("").headers.items() if k != ID})
    broker.put("dlq.a", nameless, nameless)

    assert command("dlq", "purge").code == 0

    assert len(files(folder / "DLQ")) == 2


def test_what_was_written_but_not_taken_off_is_not_written_twice(
    command: Command, broker: Embedded, folder: Path
) -> None:
    broker.put("dlq.a", dead("one"))
    first = command("dlq", "purge").out
    broker.put("dlq.a", dead("one"))

    second = command("dlq", "purge").out

    assert first == second
    assert len(files(folder / "DLQ")) == 1


def test_a_file_that_holds_another_message_is_never_written_over(
    command: Command, broker: Embedded, folder: Path
) -> None:
    broker.put("dlq.a", dead("one"))
    first = Path(command("dlq", "purge").out.strip())
    before = first.read_bytes()
    broker.put("dlq.a", dead("one", b"other"))
    first.with_name(first.name + "-2").write_bytes(b"half a fi")

    third = Path(command("dlq", "purge").out.strip())

    assert third.name == first.name + "-3"
    assert first.read_bytes() == before
    assert read_dump(third.read_bytes()).body == b"other"


def test_a_full_disk_ends_it_and_nothing_is_lost(
    command: Command,
    broker: Embedded,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker.put("dlq.a", *(dead(f"m{n}") for n in range(5)))
    synced = os.fsync
    room = [3]

    def fsync(handle: int) -> None:
        room[0] -= 1
        if room[0] == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        synced(handle)

    monkeypatch.setattr("recado_cli.dlq.papers.os.fsync", fsync)

    result = command("dlq", "purge")

    assert result.code == 1
    assert "DLQ: No space left on device" in result.err
    assert "no dead letters" not in result.err
    printed = [read_dump(Path(it).read_bytes()) for it in result.out.splitlines()]
    left = broker.ids("dlq.a")
    assert len(printed) == 2
    assert sorted([it.message.id for it in printed] + left) == [
        f"m{n}" for n in range(5)
    ]
    assert all(not path.name.startswith(".") for path in files(folder / "DLQ"))


def test_a_folder_that_cannot_be_made_is_told(
    command: Command, broker: Embedded, folder: Path
) -> None:
    broker.put("dlq.a", dead("one"))
    (folder / "DLQ").write_text("a file")

    result = command("dlq", "purge")

    assert result.code == 1
    assert "DLQ" in result.err
    assert broker.ids("dlq.a") == ["one"]


def test_a_message_keeps_its_retries_in_its_file(
    command: Command, broker: Embedded
) -> None:
    headers = {**dead("one").headers, RETRIES: "1", HISTORY: "[]"}
    broker.put("dlq.a", Message(b"1", headers))

    path = Path(command("dlq", "purge").out.strip())

    sent = read_dump(path.read_bytes()).message.headers
    assert sent == {ID: "one", "own": "x", RETRIES: "1", "dlq-reinjected": "True"}
