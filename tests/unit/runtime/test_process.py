"""A process that runs a service: signals end it, and its exit code says how it went."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SERVICE = """
import asyncio, sys, threading
from pathlib import Path
from recado import Service
from recado.config import Settings
from recado.message import Outgoing, RECIPE, typed_message
from recado.runtime import run_service
from recado import takes


class Gated(Service):
    async def started(self):
        await self.context.transport.publish([Outgoing("gated", typed_message("", {}))])

    @takes("gated")
    {method}


settings = Settings(state=Path(sys.argv[1]), log_format="json", grace_s=float(sys.argv[2]),
                    health_port=int(sys.argv[3]) if sys.argv[3:] else None)
sys.exit(run_service(Gated, settings))
"""
QUICK = """async def handle_it(self, message, outbox):
        self.context.log.info("test.began")"""
WAITING = """async def handle_it(self, message, outbox):
        self.context.log.info("test.began")
        await asyncio.Event().wait()"""
STUCK = """def handle_it(self, message, outbox):
        self.context.log.info("test.began")
        threading.Event().wait()"""

DEAF = """async def handle_it(self, message, outbox):
        self.context.log.info("test.began")
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                pass"""


def ended(
    folder: Path, method: str, signals: list[signal.Signals], grace_s: float = 30
) -> tuple[int, str]:
    """Run a service until it has begun, send signals, return its code and output."""
    script = folder / "service.py"
    script.write_text(SERVICE.replace("{method}", method))
    command = [sys.executable, str(script), str(folder), str(grace_s)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        wanted = {"test.began", "service.ready"}
        for line in process.stdout:
            lines.append(line)
            wanted -= {event for event in wanted if f'"{event}"' in line}
            if not wanted:
                break
        for number in signals:
            os.kill(process.pid, number)
        rest, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    return process.returncode, "".join(lines) + rest


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_the_code_is_zero(
    tmp_path: Path, number: signal.Signals
) -> None:
    code, output = ended(tmp_path, QUICK, [number])

    assert code == 0, output
    assert "service.stopped" in output
    assert "Traceback" not in output


def test_when_the_grace_period_is_over_the_code_is_three(tmp_path: Path) -> None:
    code, output = ended(tmp_path, WAITING, [signal.SIGTERM], grace_s=0.1)

    assert code == 3, output


def test_a_thread_that_is_stuck_does_not_keep_the_process(tmp_path: Path) -> None:
    code, output = ended(tmp_path, STUCK, [signal.SIGTERM], grace_s=0.1)

    assert code == 3, output


def test_a_handler_that_will_not_be_cancelled_does_not_keep_the_process(
    tmp_path: Path,
) -> None:
    code, output = ended(tmp_path, DEAF, [signal.SIGTERM], grace_s=0.1)

    assert code == 3, output


def test_a_second_signal_ends_at_once_and_the_code_is_three(tmp_path: Path) -> None:
    signals = [signal.SIGTERM, signal.SIGINT]
    code, output = ended(tmp_path, WAITING, signals)

    assert code == 3, output


def test_a_handlers_log_lines_tell_the_message(tmp_path: Path) -> None:
    _, output = ended(tmp_path, QUICK, [signal.SIGTERM])

    (line,) = [each for each in output.splitlines() if "test.began" in each]
    assert '"message_id":"' in line
    assert '"service":"gated"' in line


def test_a_broker_that_cannot_be_used_is_one_line_and_code_two(tmp_path: Path) -> None:
    (tmp_path / "broker.db").write_text(
        "this is no database, and long enough to tell" * 9
    )
    script = tmp_path / "service.py"
    script.write_text(SERVICE.replace("{method}", QUICK))
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), "1"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 2
    assert "service.broke" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


POISONED = """
import os, sys
from pathlib import Path
from recado import RetryPolicy, Service, takes
from recado.config import Settings
from recado.message import Outgoing, decode, typed_message
from recado.runtime import run_service


class Poisoned(Service):
    concurrency = 4

    async def started(self):
        mark = Path(sys.argv[1], "sent")
        if not mark.exists():
            messages = [typed_message("", number) for number in range(20)]
            await self.context.transport.publish([Outgoing("in", m) for m in messages])
            mark.touch()

    @takes("in", retry=RetryPolicy(attempts=3))
    async def take(self, message, outbox):
        number = decode(message.body)
        if number == 7:
            os._exit(9)
        self.context.log.info("test.done", number=number)


sys.exit(run_service(Poisoned, Settings(state=Path(sys.argv[1]), log_format="json")))
"""


def test_what_kills_its_process_is_given_up_and_its_neighbours_are_not(
    tmp_path: Path,
) -> None:
    script = tmp_path / "service.py"
    script.write_text(POISONED)
    done: set[int] = set()
    dead: list[dict[str, object]] = []
    codes: list[int] = []
    while len(codes) < 10 and not (dead and len(done) == 19):
        command = [sys.executable, str(script), str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                fact = json.loads(line)
                if fact["event"] == "test.done":
                    done.add(fact["number"])
                elif fact["event"] == "message.dead":
                    dead.append(fact)
                else:
                    continue
                if dead and len(done) == 19:
                    process.terminate()
        codes.append(process.returncode)

    assert done == set(range(20)) - {7}
    assert [each["reason"] for each in dead] == ["ceiling"]
    assert codes == [9, 9, 9, 0]


def test_a_health_port_that_is_taken_is_one_line_and_code_two(tmp_path: Path) -> None:
    script = tmp_path / "service.py"
    script.write_text(SERVICE.replace("{method}", QUICK))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = subprocess.run(
            [sys.executable, str(script), str(tmp_path), "1", port],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    (broke,) = [line for line in lines if line["level"] == "error"]
    assert (done.returncode, broke["event"], done.stderr) == (2, "service.broke", "")
    assert f"health_port {port} at 127.0.0.1: Address already in use" in broke["error"]
