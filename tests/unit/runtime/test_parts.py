"""The runtime's small parts: clocks, threads, waiting with an end, problems with paths."""

import asyncio
import threading

import pytest
from pydantic import BaseModel, ConfigDict, field_validator

from recado.clock import SystemClock, pause, told
from recado.errors import SchemaError
from recado.runtime.draining import finished, within
from recado.runtime.threads import Threads
from recado.testing import VirtualClock
from recado.validation import validated


class Block(BaseModel):
    model_config = ConfigDict(extra="forbid")

    trials: int


class Study(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    blocks: list[Block] = []

    @field_validator("name")
    @classmethod
    def is_short(cls, name: str) -> str:
        if len(name) > 5:
            raise ValueError("must be short")
        return name


def test_problems_have_paths_and_values_and_the_nearest_name() -> None:
    value = {"nmae": "x", "name": "too long", "blocks": [{"trials": "many"}, {"x": 1}]}
    with pytest.raises(SchemaError) as caught:
        validated(Study, value, "study", "payload")

    assert {problem.path: problem.text for problem in caught.value.problems} == {
        "payload.name": "must be short, not 'too long'",
        "payload.blocks[0].trials": (
            "input should be a valid integer, unable to parse string as an integer,"
            " not 'many'"
        ),
        "payload.blocks[1].trials": "is missing",
        "payload.blocks[1].x": "is not known; known: trials",
        "payload.nmae": "is not known; did you mean 'name'? known: blocks, name",
    }


def test_a_long_value_is_shown_in_part() -> None:
    with pytest.raises(SchemaError) as caught:
        validated(Block, {"trials": "x" * 1_000}, "block")

    assert len(caught.value.problems[0].text) < 200


def test_a_virtual_clock_calls_in_order_and_only_what_is_due() -> None:
    clock = VirtualClock(100.0)
    calls: list[tuple[str, float]] = []
    clock.call_later(2, lambda: calls.append(("two", clock())))
    clock.call_later(1, lambda: calls.append(("one", clock())))
    clock.call_later(1.5, lambda: calls.append(("never", clock()))).cancel()
    clock.call_later(9, lambda: calls.append(("later", clock())))

    clock.move_to(103.0)

    assert calls == [("one", 101.0), ("two", 102.0)]
    assert (clock(), clock.next_due()) == (103.0, 109.0)


async def test_pausing_takes_the_time_that_passes() -> None:
    clock = VirtualClock()
    task = asyncio.create_task(pause(clock, 3))
    await asyncio.sleep(0)
    clock.move_to(clock() + 2.9)
    await asyncio.sleep(0)
    assert not task.done()

    clock.move_to(clock() + 0.1)
    await task


async def test_the_machines_clock_calls_back() -> None:
    event = asyncio.Event()

    assert await told(SystemClock(), event, 0) is False
    SystemClock().call_later(0, event.set)
    assert await told(SystemClock(), event, 5) is True


async def test_work_that_is_not_finished_in_time_is_cancelled() -> None:
    clock = VirtualClock()
    work = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(within(clock, 2, work))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    clock.move_to(clock() + 2)

    assert await waiting is False
    assert work.cancelled()


async def test_what_work_raises_is_raised() -> None:
    async def broken() -> None:
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        await finished(broken(), asyncio.Event())


async def test_threads_are_used_again_and_end() -> None:
    threads = Threads("test")
    names = [
        await threads.run(lambda: threading.current_thread().name) for _ in range(3)
    ]
    threads.close()

    assert names == ["test-1"] * 3
    assert threads.busy == 0


async def test_a_call_that_nobody_waits_for_is_still_counted() -> None:
    threads, free, begun = Threads("test"), threading.Event(), threading.Event()

    def stuck() -> None:
        begun.set()
        free.wait()

    task = asyncio.create_task(threads.run(stuck))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert threads.busy == 1

    free.set()
    assert await threads.run(lambda: "other") == "other"
    threads.close()
