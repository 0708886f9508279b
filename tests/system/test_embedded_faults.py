"""Real processes on one embedded broker: killed, stopped, started at once, out of disk."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import connect
from typing import Any, TypeAlias

import pytest

from recado.errors import RefusedError
from recado.message import ID, Message, Outgoing
from recado.transport.embedded import EmbeddedTransport
from tests.transport.inbox import PATIENCE_S, answer, consuming, eventually, message, to

ACTOR = Path(__file__).with_name("embedded_actor.py")
LEASE_S = 1.0


@dataclass
class Actor:
    """A process that does one thing on the broker, and tells of it line by line."""

    process: Process
    told: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    async def line(self) -> dict[str, Any]:
        """Return the next thing that it tells."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            self.told.append(json.loads(await self.process.stdout.readline()))
        return self.told[-1]

    async def killed(self) -> list[dict[str, Any]]:
        """Kill it; return all that it told before."""
        if self.process.returncode is None:
            self.process.kill()
        assert self.process.stdout is not None
        rest = await self.process.stdout.read()
        await self.process.wait()
        self.told += [
            json.loads(line) for line in rest.splitlines() if line[-1:] == b"}"
        ]
        return self.told

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


Start: TypeAlias = Callable[..., Awaitable[Actor]]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/b.db?lease={LEASE_S}"


@pytest.fixture
async def start(url: str) -> AsyncGenerator[Start]:
    """Start actors; all are killed in the end."""
    actors: list[Actor] = []

    async def start(part: str, *words: object) -> Actor:
        process = await asyncio.create_subprocess_exec(
            sys.executable, ACTOR, part, url, *map(str, words), stdin=PIPE, stdout=PIPE
        )
        actors.append(Actor(process))
        return actors[-1]

    yield start
    for actor in actors:
        if actor.process.returncode is None:
            actor.signal(signal.SIGCONT)
            await actor.killed()


@pytest.fixture
async def transport(url: str) -> AsyncGenerator[EmbeddedTransport]:
    async with EmbeddedTransport(url) as transport:
        await transport.declare(["work"])
        yield transport


def integrity(path: Path) -> str:
    with closing(connect(path)) as database:
        return str(database.execute("PRAGMA integrity_check").fetchone()[0])


async def everything(transport: EmbeddedTransport, queue: str) -> list[str]:
    """Return the names of all the messages of a queue."""
    found: list[str] = []
    after = 0
    while page := await transport.browse(queue, limit=1_000, after=after):
        found += [each.message.id for each in page]
        after = page[-1].cursor
    return found


async def test_what_was_confirmed_to_publishers_that_were_killed_is_there_once(
    transport: EmbeddedTransport, start: Start, tmp_path: Path
) -> None:
    confirmed: list[str] = []
    for life in range(4):
        actors = [await start("publish", f"{life}-{who}") for who in range(3)]
        for actor in actors:
            for _ in range(20):
                await actor.line()
        for actor in actors:
            confirmed += [name for it in await actor.killed() for name in it["names"]]

    found = await everything(transport, "work")

    assert len(confirmed) >= 4 * 3 * 20
    assert set(confirmed) <= set(found)
    assert len(found) == len(set(found))
    assert integrity(tmp_path / "b.db") == "ok"


async def test_processes_that_make_the_file_at_the_same_moment_all_get_it(
    tmp_path: Path,
) -> None:
    for number in range(20):
        url = f"sqlite:///{tmp_path}/{number}.db"
        both = [await start_at(url, time.time() + 0.5) for _ in range(2)]

        assert [await process.wait() for process in both] == [0, 0]


async def start_at(url: str, moment: float) -> Process:
    """Start a process that opens a broker at a moment."""
    return await asyncio.create_subprocess_exec(
        sys.executable, ACTOR, "open", url, str(moment)
    )


async def test_a_process_stopped_while_it_writes_holds_the_others_up_no_longer(
    transport: EmbeddedTransport, start: Start
) -> None:
    actor = await start("hold")
    await actor.line()  # it is within a transaction, and has stopped itself

    waiting = asyncio.ensure_future(transport.publish(to("work", "a")))
    for _ in range(50):  # one can still look
        assert (await transport.depth("work")).total == 0
    assert not waiting.done()
    actor.signal(signal.SIGCONT)

    async with asyncio.timeout(PATIENCE_S):
        await waiting


async def test_a_process_killed_while_it_writes_leaves_nothing_half_done(
    transport: EmbeddedTransport, start: Start, tmp_path: Path
) -> None:
    actor = await start("hold")
    await actor.line()

    waiting = asyncio.ensure_future(transport.publish(to("work", "a")))
    await actor.killed()

    async with asyncio.timeout(PATIENCE_S):
        await waiting
    assert await everything(transport, "work") == ["a"]
    assert integrity(tmp_path / "b.db") == "ok"


async def test_a_process_stopped_for_longer_than_its_lease_is_as_before(
    transport: EmbeddedTransport, start: Start
) -> None:
    await transport.declare(["told", "asked"])
    told, asked = (
        await consuming(transport, "told"),
        await consuming(transport, "asked"),
    )
    actor = await start("serve")
    await actor.line()
    await transport.publish(to("work", "held"))
    assert (await actor.line())["got"] == "held"
    actor.signal(signal.SIGSTOP)

    async def is_free() -> bool:
        return (await transport.depth("work")).ready == 1

    await eventually(is_free, "what it held is ready again")
    actor.signal(signal.SIGCONT)

    async def hears() -> bool:
        news = [Outgoing("news", message("n"), is_topic=True)]
        await transport.publish(news)
        return told.waiting > 0

    await eventually(hears, "it hears of the topic again, and says so")
    await transport.publish(to("work", "ask"))
    await answer(await asked.next(), b"42")
    while "reply" not in await actor.line():
        pass

    assert {"stale": "held"} in actor.told
    assert {"got": "held", "attempt": 2} in actor.told
    assert {"done": "held"} in actor.told
    assert actor.told[-1] == {"reply": "42"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
async def test_a_full_disk_refuses_loudly_and_all_goes_on_when_there_is_room(
    disk: Path,
) -> None:
    async with EmbeddedTransport(f"sqlite:///{disk}/b.db") as transport:
        await transport.declare(["work"])
        body, taken = b"x" * 3_000, 0
        refusal = None
        while refusal is None:
            try:
                sent = Outgoing("work", Message(body, {ID: f"m{taken}"}))
                await transport.publish([sent])
                taken += 1
            except RefusedError as error:
                refusal = error
        assert str(refusal).endswith("does not take it: database or disk is full")

        inbox = await consuming(transport, "work", prefetch=5)
        used = time.process_time()
        second = EmbeddedTransport(f"sqlite:///{disk}/b.db")
        with pytest.raises(RefusedError, match="does not take it"):
            await second.open()
        resize(disk, "64m")
        seen: list[str] = []
        for _ in range(taken):
            delivery = await inbox.next()
            assert delivery.attempt == 1
            seen.append(delivery.message.id)
            await delivery.done()

        assert sorted(seen) == sorted(f"m{number}" for number in range(taken))
        assert time.process_time() - used < 5
    assert integrity(disk / "b.db") == "ok"


def resize(disk: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Generator[Path]:
    """A disk of four mebibytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder],
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


async def test_files_and_sockets_stay_as_many_over_many_crashes(
    transport: EmbeddedTransport, start: Start, tmp_path: Path
) -> None:
    run = tmp_path / "b.db.run"
    inbox = await consuming(transport, "work")
    files, entries = len(os.listdir("/proc/self/fd")), sorted(run.rglob("*"))

    for _ in range(5):
        actors = [await start("serve") for _ in range(2)]
        for actor in actors:
            await actor.line()
        for actor in actors:
            await actor.killed()

    async def is_clean() -> bool:
        return sorted(run.rglob("*")) == entries

    await eventually(is_clean, "nothing is left of the dead")
    assert len(os.listdir("/proc/self/fd")) == files
    assert inbox.waiting == 0


async def test_a_program_that_a_service_started_does_not_keep_it_alive(
    transport: EmbeddedTransport, start: Start
) -> None:
    actor = await start("parent")
    await transport.publish(to("work", "a"))
    child = (await actor.line())["child"]
    inbox = await consuming(transport, "work")
    try:
        actor.process.kill()

        back = await inbox.next(within_s=PATIENCE_S)

        assert (back.message.id, back.attempt) == ("a", 2)
        os.kill(child, 0)  # it runs still
    finally:
        os.kill(child, signal.SIGKILL)


async def test_no_message_waits_while_one_of_many_consumers_is_idle(
    transport: EmbeddedTransport, start: Start
) -> None:
    actors = [await start("one") for _ in range(8)]
    for actor in actors:
        await actor.line()
    await transport.publish(to("work", *(f"busy{number}" for number in range(7))))
    idle = set(range(8))
    lines = {asyncio.ensure_future(actor.line()): n for n, actor in enumerate(actors)}
    while len(idle) > 1:
        done, _ = await asyncio.wait(lines, return_when=asyncio.FIRST_COMPLETED)
        idle -= {lines.pop(task) for task in done}
    [last] = lines

    late: list[float] = []
    for number in range(40):
        await transport.publish(
            [Outgoing("work", message(f"m{number}", at=str(time.monotonic())))]
        )
        late.append((await last)["late"])
        last = asyncio.ensure_future(actors[min(idle)].line())
    last.cancel()

    # The fallback would be a quarter of a second, half of that on average.
    assert sorted(late)[len(late) // 2] < 0.1
    assert sum(each > 0.2 for each in late) <= len(late) // 10
