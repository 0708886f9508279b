"""Writers: what waits for a folder is written together; folders do not wait for others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event

import pytest

from recado_sinks.lines import Lines
from recado_sinks.writers import Writers


class Disk:
    """Stands for what is appended to: it can be made to hang, and to fail."""

    def __init__(self) -> None:
        self.batches: list[tuple[str, dict[str, list[str]]]] = []
        self.began = Event()
        self.free = Event()
        self.failing: dict[str, Exception] = {}

    def append(
        self, folder: Path, lines: Mapping[str, Sequence[Lines]]
    ) -> Mapping[str, Exception]:
        ids = {name: [line.id for line in each] for name, each in lines.items()}
        self.batches.append((str(folder), ids))
        self.began.set()
        if str(folder) == "slow":
            self.free.wait(10)
        if error := self.failing.get(str(folder)):
            raise error
        return {name: self.failing[name] for name in lines if name in self.failing}


def line(id_: str) -> Lines:
    return Lines(id_, (b"x\n",))


async def test_lines_that_come_while_a_folder_is_written_are_written_together() -> None:
    disk = Disk()
    writers = Writers(disk.append)
    first = asyncio.create_task(writers.add(Path("slow/a"), line("0")))
    await asyncio.to_thread(disk.began.wait)
    names = ["a", "b", "a", "b"]
    rest = [
        asyncio.create_task(writers.add(Path("slow") / name, line(str(n))))
        for n, name in enumerate(names, 1)
    ]
    await writers.add(Path("quick/c"), line("q"))
    assert not first.done(), "the other folder did not wait for it"
    disk.free.set()
    await asyncio.gather(first, *rest)
    assert disk.batches == [
        ("slow", {"a": ["0"]}),
        ("quick", {"c": ["q"]}),
        ("slow", {"a": ["1", "3"], "b": ["2", "4"]}),
    ]
    assert (writers.written, writers.busy) == (6, 0)
    writers.close()


async def test_a_file_that_fails_is_told_to_those_who_wrote_to_it() -> None:
    disk = Disk()
    disk.failing["bad"] = OSError("no")
    writers = Writers(disk.append)
    found = await asyncio.gather(
        *(writers.add(Path("x") / name, line(name)) for name in ("bad", "good")),
        return_exceptions=True,
    )
    assert [type(each) for each in found] == [OSError, type(None)]
    assert writers.written == 1
    writers.close()


async def test_a_folder_that_fails_is_told_to_all_and_tried_again() -> None:
    disk = Disk()
    disk.failing["x"] = OSError("full")
    writers = Writers(disk.append)
    with pytest.raises(OSError, match="full"):
        await writers.add(Path("x/a"), line("1"))
    del disk.failing["x"]
    await writers.add(Path("x/a"), line("1"))
    writers.close()


async def test_who_is_cancelled_keeps_nobody_else_waiting() -> None:
    disk = Disk()
    writers = Writers(disk.append)
    doomed = asyncio.create_task(writers.add(Path("slow/a"), line("1")))
    await asyncio.to_thread(disk.began.wait)
    other = asyncio.create_task(writers.add(Path("slow/a"), line("2")))
    await asyncio.sleep(0)
    doomed.cancel()
    disk.free.set()
    await other
    assert doomed.cancelled()
    writers.close()
