"""The JSON-lines sink as a process: killed in the middle, it writes each line once."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from recado.envelope import Envelope
from recado.ids import new_id
from recado.message import ID, RECIPE, RUN, Message, Outgoing, encode
from recado.transport import Transport, make_transport
from tests.system.fleet import fleet
from tests.transport.inbox import eventually

pytestmark = pytest.mark.timeout(120)

COUNT = 3_000
KILLS = 3


def messages(count: int) -> list[Outgoing]:
    step = {"queue": "jsonlines", "parameters": {"output_filename": "run/out.jsonl"}}
    recipe: dict[str, Any] = {"1": step, "start": [[1, {}]]}
    prefix = Envelope(recipe, 1, [], {"ID": "run-1"}).prefix(encode(recipe), 1, [])
    found: list[Outgoing] = []
    for n in range(count):
        body = prefix + encode({"n": n, "text": "x" * 500}) + b"}"
        head = {RECIPE: "true", ID: new_id(), RUN: "run-1"}
        found.append(Outgoing("jsonlines", Message(body, head)))
    return found


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


async def emptied(transport: Transport) -> None:
    async def is_empty() -> bool:
        return not (await transport.depth("jsonlines")).total

    await eventually(is_empty, "the queue is empty", 60.0)


def numbers(file: Path) -> list[int]:
    return [json.loads(line)["n"] for line in file.read_text().splitlines()]


async def test_killed_in_the_middle_it_writes_each_line_once(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    file = outputs / "run" / "out.jsonl"
    async with fleet(tmp_path, tmp_path, [], RECADO_OUTPUTS=str(outputs)) as ships:
        member = await ships.start("jsonlines")
        await member.until_ready()
        transport = make_transport(ships.url)
        await transport.open()
        try:
            await transport.declare(["events"])
            await transport.publish(messages(COUNT))
            struck: list[int] = []
            for _ in range(KILLS):
                seen = _size(file)
                while _size(file) < seen + 50_000:  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
                await member.end(signal.SIGKILL)
                struck.append(len(file.read_bytes().splitlines()))
                member = await ships.start("jsonlines")
                await member.until_ready()
            await emptied(transport)
        finally:
            await transport.close()

    assert all(0 < count < COUNT for count in struck), struck
    assert sorted(numbers(file)) == list(range(COUNT))
