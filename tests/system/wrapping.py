"""``recado wrap`` as a process of its own, and what came of it at an embedded broker."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from recado.config import Settings
from recado.events import HANDLED, RUN_STARTED, Event, run_stream
from recado.ids import checksum, derived_id, new_id
from recado.message import Message
from recado.transport import Transport, make_transport
from recado.wrapping.assignment import Assignment
from recado.wrapping.order import Order
from recado.wrapping.wrap import Wrap
from recado_eventstore.facts import read_facts
from recado_eventstore.runs import Account
from tests.system.cli_process import PATIENCE_S, variables

WRAPPERS = Path(__file__).with_name("wrappers")
RUN = "7f0d1f6e-7d0f-4a3f-9f0a-0c2c6a7d1a11"
CHANNELS = (
    "starting",
    "updates",
    "success",
    "failure",
    "completed",
    "result-individual-file",
    "result-all-files",
)


def envelope(payload: Any = None, queue: str = "notes", **step: Any) -> bytes:
    """Return an envelope whose outputs all go to ``queue``."""
    recipe: dict[str, Any] = {
        "1": {"queue": "cluster", "output": dict.fromkeys(CHANNELS, 2), **step},
        "2": {"queue": queue},
        "start": [[1, []]],
    }
    document: dict[str, Any] = {
        "recipe": recipe,
        "recipe-pointer": 1,
        "recipe-path": [4],
        "environment": {"ID": RUN},
        "payload": payload,
    }
    return json.dumps(document).encode()


class Site:
    """A folder where jobs run, and the broker that they are told to."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.state.mkdir(exist_ok=True)
        self.url = environment.get("RECADO_BROKER", f"sqlite:///{self.state}/broker.db")
        self.variables = {
            **variables(folder),
            "PYTHONPATH": str(WRAPPERS),
            "RECADO_LOG_FORMAT": "json",
            "RECADO_BROKER": self.url,
            **environment,
        }

    def given(
        self, payload: Any = None, queue: str = "notes", **step: Any
    ) -> tuple[str, str]:
        """Write an envelope to a file, and return how it is given."""
        path = self.folder / "envelope.json"
        path.write_bytes(envelope(payload, queue, **step))
        return "--recipewrapper", str(path)

    def start(
        self, *args: str, stdout: int = subprocess.PIPE
    ) -> subprocess.Popen[bytes]:
        """Start ``recado wrap``."""
        return subprocess.Popen(
            [sys.executable, "-m", "recado_cli", "wrap", *args],
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
        )

    def run(
        self, *args: str, given: bytes = b"", **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Run ``recado wrap`` to its end; ``given`` stands on its standard input."""
        return subprocess.run(
            [sys.executable, "-m", "recado_cli", "wrap", *args],
            cwd=self.folder,
            env={**self.variables, **environment},
            input=given,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def left(self) -> list[Path]:
        """Return the files of what jobs have not sent."""
        return sorted((self.state / "wrap").rglob("*.json"))

    async def wrapped(
        self,
        *command: str,
        envelope: bytes | None = None,
        wrapper: str = "",
        result_files: Sequence[Path] = (),
        time_limit_s: float | None = None,
    ) -> int:
        """Run a job from within this process, and return the exit code."""
        assignment = Assignment.read(envelope) if envelope else None
        order = Order(
            job=assignment.id if assignment else new_id(),
            assignment=assignment,
            command=command,
            wrapper=wrapper,
            result_files=result_files,
            time_limit_s=time_limit_s,
        )
        settings = Settings(state=self.state, broker=self.url, grace_s=5)
        return await Wrap(order, settings, make_transport(self.url)).run()

    @asynccontextmanager
    async def broker(self) -> AsyncGenerator[Transport]:
        """Be connected to the broker, which has the queue ``notes``."""
        transport = make_transport(self.url)
        await transport.open()
        try:
            await transport.declare(["notes", "events", "dlq"])
            yield transport
        finally:
            await transport.close()

    async def made(self) -> Site:
        """Return the site, once there is a broker."""
        async with self.broker():
            return self

    async def queued(self, queue: str) -> list[Message]:
        """Return a queue's messages."""
        async with self.broker() as transport:
            found = await transport.browse(queue, limit=1000)
        return [each.message for each in found]

    async def payloads(self) -> list[Any]:
        """Return what the job sent to its outputs."""
        return [json.loads(each.body)["payload"] for each in await self.queued("notes")]

    async def events(self, *types: str) -> list[Event]:
        """Return the events that jobs told, of some types or of all."""
        told = [
            Event(**event)
            for message in await self.queued("events")
            for event in json.loads(message.body)["events"]
        ]
        return [event for event in told if not types or event.type in types]

    async def run_state(self) -> str:
        """Return the state of the jobs' run once somebody has handled their outputs."""
        told = {event.id: event for event in await self.events()}
        stream = run_stream(RUN)
        for message in await self.queued("notes"):
            id_ = derived_id(message.id, "outcome")
            told[id_] = Event(id_, stream, HANDLED, {"message": message.id}, 1.0)
        first = new_id()
        data = {"children": 1, "checksum": f"{checksum(first):016x}"}
        told["start"] = Event(new_id(), stream, RUN_STARTED, data, 1.0)
        told["first"] = Event(new_id(), stream, HANDLED, {"message": first}, 1.0)
        facts = read_facts(list(told.values()))
        return Account(1, RUN).after(list(facts.values()))[0].state


def logged(stderr: bytes, event: str) -> list[dict[str, Any]]:
    """Return the log lines of an event among what was written to standard error."""
    lines = [line for line in stderr.splitlines() if line.startswith(b'{"at"')]
    entries = [json.loads(line) for line in lines]
    return [entry for entry in entries if entry["event"] == event]


def until(process: subprocess.Popen[bytes], text: bytes) -> None:
    """Read what a job writes until a line says something."""
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    raise AssertionError(f"the job ended without {text!r}")


def ended(process: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
    """Wait for the end; return the exit code, and the rest of what was written."""
    out, error = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out or b"", error


def shell(script: str) -> tuple[str, str, str]:
    """Return a shell's script as a command to be wrapped."""
    return "sh", "-c", script
