"""The supervisor and its children, which are small programs here, not services."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from recado_cli.child import Instance
from recado_cli.lines import Facts
from recado_cli.supervisor import Supervisor

READY = 'print(\'{"event": "service.ready"}\', flush=True)'
HEAD = "import os, signal, sys, pathlib"
GOOD = f"""{HEAD}
def end(*_):
    os.write(1, b'{{"event": "service.stopped", "code": 0}}\\n')
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
{READY}
while True: signal.pause()
"""
STUBBORN = f"""{HEAD}
signal.signal(signal.SIGTERM, lambda *_: os.write(1, b"no\\n"))
{READY}
while True: signal.pause()
"""
HASTY = f"""{HEAD}
count = []
def end(*_):
    count.append(1)
    os.write(1, b"asked\\n")
    if len(count) == 2: sys.exit(3)
signal.signal(signal.SIGTERM, end)
{READY}
while True: signal.pause()
"""
MISCONFIGURED = "import sys; print('recado: bad', file=sys.stderr); sys.exit(2)"
SLOW = "import signal; print('begun', flush=True); signal.pause()"
WORDY = f"""{HEAD}
print("x" * 5_000_000)
print("after")
{GOOD}"""


class Log:
    """Keeps lines, and lets a test wait for one."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, Facts | None]] = []
        self._changed = asyncio.Event()

    def write(self, label: str, line: str, facts: Facts | None) -> None:
        self.lines.append((label, line, facts))
        self._changed.set()

    async def until(self, is_it: Callable[[str, str], bool]) -> None:
        async with asyncio.timeout(20):
            while not any(is_it(label, line) for label, line, _ in self.lines):
                self._changed.clear()
                await self._changed.wait()

    def events(self, name: str) -> list[Facts]:
        return [it for _, _, it in self.lines if it and it["event"] == name]


def instance(label: str, program: str) -> Callable[[int], Instance]:
    return lambda pipe: Instance(label, label, [sys.executable, "-SE", "-c", program])


def supervisor_of(log: Log, programs: dict[str, str], **more: Any) -> Supervisor:
    makers: Sequence[Callable[[int], Instance]] = [
        instance(label, program) for label, program in programs.items()
    ]
    return Supervisor(makers, log.write, os.environ, hurry_s=0.05, **more)


async def test_it_is_ready_when_all_are_and_drains_all_when_stopped() -> None:
    log = Log()
    supervisor = supervisor_of(log, {"a": GOOD, "b": GOOD})
    life = asyncio.create_task(supervisor.run())

    await supervisor.is_ready.wait()
    supervisor.stop()
    code = await life

    assert code == 0
    assert log.events("up.ready")[0]["instances"] == 2
    assert log.events("up.stopped")[0]["ended"] == {}


async def test_a_process_that_ends_is_started_again(tmp_path: Path) -> None:
    log = Log()
    mark = tmp_path / "mark"
    program = f"""{HEAD}
mark = pathlib.Path({str(mark)!r})
if not mark.exists(): mark.write_text(""); os.kill(os.getpid(), signal.SIGKILL)
{GOOD}"""
    supervisor = supervisor_of(log, {"a": program})
    life = asyncio.create_task(supervisor.run())

    await supervisor.is_ready.wait()
    supervisor.stop()

    assert await life == 0
    (ended,) = log.events("process.ended")
    assert (ended["ended"], ended["again_in_s"]) == ("killed by SIGKILL", 0.1)


@pytest.mark.parametrize("code", [0, 3])
async def test_a_process_that_somebody_else_stopped_is_not_started_again(
    code: int,
) -> None:
    log = Log()
    stopped = f"import sys; {READY}; sys.exit({code})"
    supervisor = supervisor_of(log, {"a": stopped, "b": GOOD})
    life = asyncio.create_task(supervisor.run())

    await log.until(lambda label, line: "process.stopped" in line)
    assert not life.done()
    await supervisor.is_ready.wait()
    supervisor.stop()

    assert await life == code
    (stop,) = log.events("process.stopped")
    assert (stop["instance"], stop["ended"]) == ("a", f"exit code {code}")
    assert not log.events("process.ended")


async def test_when_all_were_stopped_by_others_it_ends_as_well() -> None:
    log = Log()
    supervisor = supervisor_of(log, {"a": f"{READY}", "b": f"{READY}"})

    assert await supervisor.run() == 0
    assert len(log.events("process.stopped")) == 2


async def test_a_misconfigured_process_ends_the_others_as_well() -> None:
    log = Log()
    supervisor = supervisor_of(log, {"a": GOOD, "b": MISCONFIGURED})

    code = await supervisor.run()

    assert code == 2
    assert ("b", "recado: bad", None) in log.lines
    assert log.events("up.stopped")[0]["ended"] == {"b": "exit code 2"}


async def test_the_second_stop_ends_at_once() -> None:
    log = Log()
    supervisor = supervisor_of(log, {"a": HASTY})
    life = asyncio.create_task(supervisor.run())

    await supervisor.is_ready.wait()
    supervisor.stop()
    await log.until(lambda _, line: line == "asked")
    supervisor.stop()

    assert await life == 3
    assert not log.events("up.killing")


async def test_what_does_not_end_is_killed() -> None:
    log = Log()
    supervisor = supervisor_of(log, {"a": STUBBORN, "b": GOOD})
    life = asyncio.create_task(supervisor.run())

    await supervisor.is_ready.wait()
    supervisor.stop()
    supervisor.stop()

    assert await life == 3
    assert log.events("up.stopped")[0]["ended"] == {"a": "killed by SIGKILL"}


async def test_a_process_stopped_before_it_was_ready_is_no_failure() -> None:
    log = Log()
    supervisor = supervisor_of(log, {"a": SLOW})
    life = asyncio.create_task(supervisor.run())

    await log.until(lambda _, line: line == "begun")
    supervisor.stop()

    assert await life == 0
    assert not log.events("up.ready")


async def test_stopping_interrupts_the_wait_for_the_next_start() -> None:
    log = Log()
    supervisor = supervisor_of(log, {"a": "import sys; sys.exit(1)"})
    life = asyncio.create_task(supervisor.run())

    await log.until(lambda _, line: "process.ended" in line)
    supervisor.stop()

    assert await life == 1


async def test_a_line_too_long_does_not_end_the_reading() -> None:
    log = Log()
    supervisor = supervisor_of(log, {"a": WORDY})
    life = asyncio.create_task(supervisor.run())

    await supervisor.is_ready.wait()
    supervisor.stop()
    await life

    lines = [line for label, line, _ in log.lines if label == "a"]
    assert "(a line too long)" in lines
    assert "after" in lines


@pytest.mark.parametrize("code", [errno.EPIPE, errno.EIO])
async def test_it_drains_when_nobody_reads_its_log_any_more(code: int) -> None:
    log = Log()

    def write(label: str, line: str, facts: Facts | None) -> None:
        log.write(label, line, facts)
        if facts and facts["event"] == "up.ready":
            raise OSError(code, "gone")

    supervisor = Supervisor([instance("a", GOOD)], write, os.environ)

    assert await supervisor.run() == 0


async def test_a_full_disk_costs_lines_of_the_log_and_no_service() -> None:
    log = Log()

    def write(label: str, line: str, facts: Facts | None) -> None:
        log.write(label, line, facts)
        raise OSError(errno.ENOSPC, "full")

    supervisor = Supervisor([instance("a", GOOD)], write, os.environ)
    life = asyncio.create_task(supervisor.run())
    await log.until(lambda _, line: "up.ready" in line)
    assert not log.events("up.draining")
    supervisor.stop()

    assert await life == 0


async def test_what_a_process_started_itself_does_not_hold_up_its_next_start(
    tmp_path: Path,
) -> None:
    log = Log()
    mark = tmp_path / "mark"
    program = f"""{HEAD}
mark = pathlib.Path({str(mark)!r})
if not mark.exists():
    mark.write_text("")
    if os.fork() == 0: signal.pause()
    os._exit(1)
{GOOD}"""
    supervisor = supervisor_of(log, {"a": program})
    life = asyncio.create_task(supervisor.run())

    async with asyncio.timeout(20):
        await supervisor.is_ready.wait()
    supervisor.stop()

    assert await life == 0
    assert log.events("process.ended")[0]["ended"] == "exit code 1"


async def test_no_child_is_left_when_it_is_cancelled() -> None:
    log = Log()
    supervisor = supervisor_of(log, {"a": STUBBORN})
    life = asyncio.create_task(supervisor.run())
    await supervisor.is_ready.wait()
    pid = supervisor.children[0].pid
    assert pid is not None
    handle = os.pidfd_open(pid)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(handle, ended.set)

    life.cancel()
    with pytest.raises(asyncio.CancelledError):
        await life

    async with asyncio.timeout(20):
        await ended.wait()
    asyncio.get_running_loop().remove_reader(handle)
    os.close(handle)


async def test_a_process_that_does_not_drain_without_its_parent_ends_by_force() -> None:
    reading, writing = os.pipe()
    program = f"""{HEAD}
from recado_cli.orphan import drain_without_parent
signal.signal(signal.SIGTERM, signal.SIG_IGN)
drain_without_parent({reading}, 0.0, 0.01)
{READY}
while True: signal.pause()
"""
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-c", program],
        pass_fds=[reading],
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline()

    os.close(writing)

    async with asyncio.timeout(20):
        await process.stdout.read()
        assert await process.wait() == 1
    os.close(reading)
