"""Requests to a session are answered as experiment-server answers those over HTTP."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

import pytest

from recado.config import Settings
from recado.errors import RemoteError
from recado.testing import Harness
from recado_eventstore.service import EventStore
from recado_expander.service import Expander
from tests.integration.experiment_server.peer import Peer
from tests.unit.beside import beside

REQUESTS: Final = 120

STUDY: Final = """
[configuration]
order = [["near", "far"], ["dark", "bright"]]
groups_strategy = "latin_square"
within_groups_strategy = "randomize"
random_seed = 4

[[blocks]]
name = "near"
[blocks.config]
side = { function_name = "choices", args = [["left", "right"]] }

[[blocks]]
name = "far"
extends = "near"
config = { distance = 2 }

[[blocks]]
name = "dark"
config = { light = 0 }

[[blocks]]
name = "bright"
config = { light = 9 }
"""

_PEER: Final = """
import asyncio, sys
from experiment_server._server import _init_api
asyncio.run(_init_api(sys.argv[1], 1, "127.0.0.1", int(sys.argv[2])))
"""
_REFUSED: Final = {
    "unknown_participant": 406,
    "inactive": 406,
    "out_of_range": 404,
}
_QUESTIONS: Final = (
    *("blocks-count", "block-id", "active", "config", "all-configs"),
    *("summary-data", "status-string"),
)


@dataclass(frozen=True)
class Request:
    """An action, in the words of both."""

    action: str
    method: str
    path: str
    given: dict[str, int]


def chosen(dice: random.Random) -> Request:
    """Return any request; participants and blocks are there, or are not."""
    participant = dice.choice([None, 1, 2, 3, 4, 9])
    given = {} if participant is None else {"participant": participant}
    path = "" if participant is None else f"/{participant}"
    block = dice.randrange(6)
    match dice.randrange(6):
        case 0:
            return Request("move-to-next", "POST", path, given)
        case 1:
            return Request(
                "move-to-block", "POST", f"{path}/{block}", {**given, "block": block}
            )
        case 2 if block < 5:
            number = dice.randrange(1, 5)
            return Request(
                "add-participant", "PUT", f"/{number}", {"participant": number}
            )
        case 2 if dice.random() < 0.5:
            return Request("new-participant", "PUT", "", {})
        case 2:
            return Request("move-all-to-block", "POST", f"/{block}", {"block": block})
        case _:
            return Request(dice.choice(_QUESTIONS), "GET", path, given)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    return path


@pytest.fixture
def theirs(file: Path) -> Generator[Callable[[Request], tuple[int, str]]]:
    """Return what asks experiment-server; it runs as a process of its own."""
    Peer.installed(file.parent)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-c", _PEER, str(file), str(port)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def ask(request: Request) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request(request.method, f"/api/{request.action}{request.path}")
        answer = connection.getresponse()
        try:
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    yield ask
    process.terminate()
    process.wait(10)


@pytest.fixture
async def ours(file: Path) -> AsyncGenerator[Callable[[Request], Any]]:
    """Return what asks an expander, with the session open."""
    settings = Settings(state=file.parent, recipes=file.parent)
    async with (
        Harness(Expander(), settings=settings) as harness,
        beside(harness, EventStore(), settings),
    ):
        opening = {"experiment": "lab", "study": "study.toml"}
        await harness.ask("experiment.open/1", opening)

        async def ask(request: Request) -> Any:
            value = {"experiment": "lab", **request.given}
            try:
                return await harness.ask(f"experiment.{request.action}/1", value)
            except RemoteError as error:
                return error

        yield ask


async def first(ask: Callable[[Request], tuple[int, str]]) -> None:
    """Wait until experiment-server listens; it tells nobody when it does."""
    async with asyncio.timeout(30):
        while True:
            try:
                await asyncio.to_thread(ask, Request("active", "GET", "", {}))
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
            else:
                return


def told(request: Request, value: Any) -> tuple[int, Any]:
    """Return the status and value that our answer would be over HTTP."""
    if isinstance(value, RemoteError):
        return _REFUSED[value.code], None
    if request.action == "add-participant":
        return (200 if value else 406), value
    if request.action == "status-string":
        return 200, value.replace("\n", "&nbsp;" * 3)
    return 200, value


def heard(request: Request, status: int, body: str) -> tuple[int, Any]:
    """Return the status and value of their answer; no value of a refusal's text."""
    if request.action == "status-string" and status == 200:
        return status, body
    if status == 200 or request.action == "add-participant":
        return status, json.loads(body)
    return status, None


async def test_every_request_is_answered_in_the_same_way(
    theirs: Callable[[Request], tuple[int, str]],
    ours: Callable[[Request], Any],
    dice: random.Random,
) -> None:
    await first(theirs)

    for _ in range(REQUESTS):
        request = chosen(dice)
        status, body = await asyncio.to_thread(theirs, request)
        assert told(request, await ours(request)) == heard(request, status, body), (
            request
        )
