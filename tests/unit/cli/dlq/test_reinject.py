"""``recado dlq reinject`` sends what is in files, and deletes nothing before it is sent."""

from __future__ import annotations

import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from recado.letter import Letter
from recado.message import ADOPTED, ID, Message
from recado_cli.dlq.sending import names_in
from tests.unit.cli.conftest import Command
from tests.unit.cli.embedded import Embedded


def dump(path: Path, message: object = 1, **header: Any) -> str:
    """Write a file as Zocalo does; return its name."""
    deaths = [{"count": 1, "exchange": "", "queue": "resize", "reason": "rejected"}]
    exported = {"date": "2026-11-21", "time": "10:00:00"}
    content = {"exported": exported, "header": {"x-death": deaths} | header}
    path.write_text(json.dumps(content | {"message": message}, indent=2))
    return str(path)


def test_a_file_is_sent_to_where_its_message_died(
    command: Command, broker: Embedded, folder: Path
) -> None:
    broker.declare("resize")
    header = {"workflows-recipe": True, "n": 5, "routing_key": "dlq.resize"}
    path = dump(folder / "a", {"b": 1}, **header)

    result = command("dlq", "reinject", path)

    assert result.code == 0, result.err
    assert result.out == f"{path} sent to resize\n"
    (sent,) = broker.holds("resize")
    assert sent.message.body == b'{"b":1}'
    headers = dict(sent.message.headers)
    assert headers.pop(ID)
    assert headers == {
        "workflows-recipe": "True",
        "n": "5",
        "dlq-reinjected": "True",
        ADOPTED: "true",
    }
    assert Path(path).exists()


@pytest.mark.parametrize("payload", [{}, 0, "", [], None, False])
def test_an_empty_payload_is_sent(
    command: Command, broker: Embedded, folder: Path, payload: object
) -> None:
    broker.declare("resize")

    assert command("dlq", "reinject", dump(folder / "a", payload)).code == 0

    (sent,) = broker.holds("resize")
    assert json.loads(sent.message.body) == payload


def test_what_is_sent_is_removed_and_what_is_not_stays(
    command: Command, broker: Embedded, folder: Path
) -> None:
    broker.declare("resize")
    good, lost = dump(folder / "good"), folder / "lost"
    dump(lost, **{"x-death": [{"queue": "nowhere", "exchange": "delayed"}]})
    bad = folder / "bad"
    bad.write_text("no json")

    result = command("dlq", "reinject", "-r", str(lost), str(bad), good, "--json")

    assert result.code == 1
    assert [path.exists() for path in (lost, bad, Path(good))] == [True, True, False]
    assert len(broker.ids("resize")) == 1
    told = [json.loads(line) for line in result.out.splitlines()]
    assert [it["queue"] for it in told] == ["", "", "resize"]
    assert "nobody has declared queue 'nowhere'" in told[0]["error"]
    assert "not JSON" in told[1]["error"]
    assert "2 files of 3 failed" in result.err


def test_a_file_that_is_not_there_is_skipped(
    command: Command, broker: Embedded, folder: Path
) -> None:
    broker.declare("resize")

    result = command("dlq", "reinject", "missing", dump(folder / "a"))

    assert result.code == 0
    assert "missing: there is no such file; skipped" in result.err
    assert len(broker.ids("resize")) == 1


def test_no_files_is_a_failure(
    command: Command, broker: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))

    result = command("dlq", "reinject")

    assert result.code == 1
    assert "no files are given" in result.err


def test_what_purge_prints_is_what_is_read(
    command: Command,
    broker: Embedded,
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
) -> None:
    letter = Letter("error", "why", "resize", 5, 1e9).header()
    broker.put("dlq.resize", *(Message(b"1", {ID: f"m{n}", **letter}) for n in "123"))
    broker.declare("resize")
    purged = command("dlq", "purge")
    monkeypatch.setattr(sys, "stdin", io.StringIO(purged.out))

    result = command("dlq", "reinject", "--remove")

    assert result.code == 0, result.err
    assert sorted(broker.ids("resize")) == ["m1", "m2", "m3"]
    assert [path for path in (folder / "DLQ").rglob("*") if path.is_file()] == []


def test_names_are_found_in_what_either_tool_prints() -> None:
    zocalos = [
        "Looking for DLQ messages in 2 queues...",
        "Found 1 DLQ messages in dlq.resize",
        "    Message 1 (2026-11-21 10:00:00) exported:",
        "        DLQ/2026-11-21/msg-1",
        "Done.",
    ]

    assert names_in(zocalos) == ["DLQ/2026-11-21/msg-1"]
    assert names_in(["/a b", "", '{"queue": "x", "file": "c"}', "{d"]) == [
        "/a b",
        "c",
        "{d",
    ]


def test_another_destination_may_be_given(
    command: Command, broker: Embedded, folder: Path
) -> None:
    broker.declare("elsewhere")

    result = command("dlq", "reinject", "-d", "elsewhere", dump(folder / "a"))

    assert result.code == 0, result.err
    assert len(broker.ids("elsewhere")) == 1


def test_a_dry_run_tells_and_sends_nothing(
    command: Command, broker: Embedded, folder: Path
) -> None:
    broker.declare("resize")
    good = dump(folder / "a")
    lost = dump(folder / "b", **{"x-death": [{"queue": "nowhere"}]})

    result = command("dlq", "reinject", "--dry-run", "-r", good, lost)

    assert result.code == 1
    assert result.out == f"{good} would be sent to resize\n"
    assert "nobody has declared: 'nowhere'" in result.err
    assert broker.ids("resize") == []
    assert Path(good).exists()


def test_the_same_file_sent_twice_is_one_message(
    command: Command, broker: Embedded, folder: Path
) -> None:
    broker.declare("resize")
    path = dump(folder / "a")

    command("dlq", "reinject", path, path)
    command("dlq", "reinject", path)

    first, second = broker.ids("resize")
    assert first == second


def test_messages_are_shown_if_that_is_asked_for(
    command: Command, broker: Embedded, folder: Path
) -> None:
    broker.declare("resize")
    path = dump(folder / "a", {"secret": "\x1b[31m"})

    result = command("dlq", "reinject", "-v", path)

    assert '"secret"' in result.err
    assert "\x1b" not in result.err


def test_there_is_a_pause_between_messages(
    command: Command, broker: Embedded, folder: Path
) -> None:
    broker.declare("resize")
    paths = [dump(folder / name) for name in "abc"]

    began = time.monotonic()
    result = command("dlq", "reinject", "-w", "0.3", *paths)

    assert result.code == 0
    assert time.monotonic() - began >= 0.6
    assert len(broker.ids("resize")) == 3
