"""Two expanders and a sink, killed in the middle: each participant is one line of the file."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recado.clients.dispatch import request_message, submit
from recado.ids import new_id
from recado.schemas.events import RunReply
from tests.system.conducting import Conductor, conducting, recorded
from tests.system.fleet import Fleet, fleet
from tests.system.study import STUDY

pytestmark = pytest.mark.timeout(120)

COUNT = 10_000
SERVICES = ("dispatcher", "eventstore", "expander", "expander", "jsonlines")


def recipe(count: int) -> dict[str, Any]:
    asked = {"study": "study.toml", "participants": f"1-{count}", "by": "chunk"}
    file = {"output_filename": "{guid}/all.jsonl", "each": "participants"}
    return {
        "start": [[1, {}]],
        "1": {"queue": "expander", "parameters": asked, "output": 2},
        "2": {"queue": "jsonlines", "parameters": file},
    }


def lines(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines()


async def until(is_so: Callable[[], bool]) -> None:
    # Neither a file nor a log tells anybody that it grows.
    while not is_so():  # noqa: ASYNC110
        await asyncio.sleep(0.005)


async def killed(ships: Fleet, conductor: Conductor, file: Path, run: str) -> RunReply:
    """Ask for a run; kill an expander, and then the sink, and start another sink."""
    asked = request_message(custom=recipe(COUNT), parameters={"guid": run})
    await submit(conductor.transport, asked)
    members = {each.name: each for each in ships.members}
    await until(lambda: len(ships.logged("study.expanded")) > 3)
    await members["expander"].end(signal.SIGKILL)
    await until(lambda: file.exists() and file.stat().st_size > 2**20)
    await members["jsonlines"].end(signal.SIGKILL)
    assert len(lines(file)) < COUNT, "struck too late"
    await ships.start("jsonlines")
    return await conductor.finished(run)


async def test_killed_in_the_middle_each_participant_is_one_line(
    tmp_path: Path,
) -> None:
    (tmp_path / "study.toml").write_text(STUDY)
    run = new_id()
    file = tmp_path / "outputs" / run / "all.jsonl"
    broker = {"RECADO_BROKER": f"sqlite:///{tmp_path}/broker.db?lease=2"}
    outputs = {"RECADO_OUTPUTS": str(tmp_path / "outputs")}
    async with (
        fleet(tmp_path, tmp_path, SERVICES, **broker, **outputs) as ships,
        conducting(ships.url) as conductor,
    ):
        shown = await killed(ships, conductor, file, run)

    assert (shown.state, shown.dead) == ("done", 0)
    numbers = [json.loads(line)["participant"] for line in lines(file)]
    assert sorted(numbers) == list(range(1, COUNT + 1))
    told = recorded(tmp_path, "study.expanded")
    assert sum(each["participants"] for each in told) == COUNT
    handled = recorded(tmp_path, "message.handled")
    again = {each["service"] for each in handled if each["attempt"] > 1}
    assert again == {"expander", "jsonlines"}, "both were struck at work"
