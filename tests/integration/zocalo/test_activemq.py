"""ActiveMQ shared with Zocalo."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import Process
from uuid import uuid4

import pytest
import pytest_asyncio

from recado.clients.lookup import Lookup
from tests.brokers import ActiveMQ, Server
from tests.integration.zocalo.neighbour import Zocalo, handled
from tests.system.conducting import Conductor, conducting
from tests.system.fleet import Fleet
from tests.transport.inbox import consuming, eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def server(activemq: ActiveMQ) -> Server:
    """The broker that both worlds share."""
    return activemq


@pytest.fixture(scope="module")
def part() -> str:
    """A prefix of this module's own."""
    return f"test{uuid4().hex[:8]}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def theirs(server: Server, part: str) -> None:
    """The queues of Zocalo's services."""
    async with conducting(server.url_with(part)) as conductor:
        await conductor.transport.declare(["whisper", "heard"])


async def test_a_recipe_goes_through_services_of_both_worlds(
    zocalo: Zocalo, conductor: Conductor, whisper: Process
) -> None:
    zocalo.add_recipe(
        "through",
        {
            "1": {"queue": "shout", "output": 2},
            "2": {"queue": "whisper", "reports": False, "output": 3},
            "3": {"queue": "shout", "output": 4},
            "4": {"queue": "heard", "reports": False},
            "start": [[1, {"text": "{text}"}]],
        },
    )
    heard = await consuming(conductor.transport, "heard")

    ran = await zocalo.go("-n", "-r", "through", "-s", "text=Ho", guid="through")
    last = await heard.next(30)
    await last.done()
    run = await handled(conductor, "through", 2)

    envelope = json.loads(last.message.body)
    assert ran.code == 0, ran.text
    assert envelope["payload"] == {"text": "HO"}
    assert envelope["recipe-path"] == [1, 2, 3]
    assert (run.state, run.handled, run.sent) == ("done", 2, 2)


async def test_both_worlds_hear_each_others_broadcasts(
    zocalo: Zocalo, ships: Fleet, conductor: Conductor, whisper: Process
) -> None:
    registry = Lookup(conductor.transport)
    member = await ships.start("holder")
    await member.until_ready()

    async def is_listed() -> bool:
        return bool((await registry.services("Whisper")).instances)

    await eventually(is_listed, "its heartbeat is heard", within_s=30)
    (found,) = (await registry.services("Whisper")).instances
    ran = await zocalo.run("shutdown", "-s", "holder")
    code = await asyncio.wait_for(member.process.wait(), 20)

    assert found.instance.endswith(f".{whisper.pid}")
    assert (ran.code, code) == (0, 0), ran.text
