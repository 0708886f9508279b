"""Our end of the line: whatever a job says, the next thing is heard as well."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Sequence
from typing import Any, cast

import pytest

from recado.errors import RefusedError
from recado.log import get_logger
from recado.message import Outgoing
from recado.wrapping import hearing as module
from recado.wrapping.ending import Word
from recado.wrapping.hearing import Hearing
from recado.wrapping.parts import Parts
from recado.wrapping.pulse import Pulse
from recado.wrapping.sender import Sender
from tests.unit.wrapping.jobs import assignment, events, outputs

LAST = {"task": "the last", "n": 99}


class Kept:
    """A sender that keeps what it is given, and refuses what is marked so."""

    def __init__(self) -> None:
        self.postings: list[Sequence[Outgoing]] = []

    async def put(self, posting: Sequence[Outgoing]) -> None:
        if any(b"refuse me" in each.message.body for each in posting):
            raise RefusedError("too large")
        self.postings.append(posting)


class Shown:
    """A pulse that remembers what is being done."""

    task = ""

    def change(self, *, task: str) -> None:
        self.task = task


class Line:
    """A line to a job that says its lines, and hangs up."""

    def __init__(self) -> None:
        self.sender, self.pulse = Kept(), Shown()
        given = assignment()
        parts = Parts(given.id, given, "sample", "host.1", lambda: 1000.0)
        self.hearing = Hearing(
            parts, cast("Sender", self.sender), cast("Pulse", self.pulse), get_logger()
        )

    async def say(self, *lines: bytes, first: object = None) -> list[Any]:
        """Have lines said; return what was answered."""
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.sendall(b"".join(line + b"\n" for line in lines))
            theirs.shutdown(socket.SHUT_WR)
            async with asyncio.timeout(10):
                await self.hearing.run(ours, first)
            answers = await asyncio.to_thread(theirs.makefile("rb").read)
        return [json.loads(line) for line in answers.splitlines()]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"n": 1e999, "send": "updates"}',
        b'{"n": 1}',
        b'{"send": "updates", "payload": "refuse me", "n": 1}',
        b'{"send": "updates", "headers": {"a": 1}, "n": 1}',
        b'{"checkpoint": 1, "delay_s": "x"}',
        b"null",
        b'"' + b"x" * 5000 + b'"',
    ],
)
async def test_what_is_no_saying_is_passed_over(
    line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST", 200_000 if line.startswith(b"[") else 1000)
    call = Line()

    answers = await call.say(line, json.dumps(LAST).encode())

    assert answers[-1] == {"n": 99}
    assert call.pulse.task == "the last"
    assert call.sender.postings == []
    assert all(answer["error"] for answer in answers[:-1])


async def test_a_job_is_told_its_first_words_and_heard() -> None:
    call = Line()

    answers = await call.say(
        b'{"send": "updates", "payload": 7}',
        b'{"checkpoint": 8, "n": 2}',
        b'{"ended": false, "text": "no beam"}',
        first={"wrapper": "own"},
    )

    assert answers == [{"wrapper": "own"}, {"n": 2}]
    sent = [[each.queue for each in outputs(it)] for it in call.sender.postings]
    assert sent == [["notes"], ["cluster"]]
    assert call.hearing.told == {"updates"}
    assert call.hearing.word == Word(False, "no beam")


async def test_what_is_told_of_a_large_update_is_its_beginning() -> None:
    call = Line()

    await call.say(json.dumps({"send": "updates", "payload": "x" * 5000}).encode())

    (told,) = (it for it in events(call.sender.postings[0]) if it.type == "job.updated")
    assert len(told.data["update"]) == 2001
    assert len(outputs(call.sender.postings[0])[0].message.body) > 5000
