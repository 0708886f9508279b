"""A drain may be killed at any time: every message is in one queue or the other."""

from __future__ import annotations

import asyncio
import random
import signal
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from recado.ids import new_id
from recado.message import ID, Message, Outgoing, encode
from recado.transport import Transport, make_transport
from recado_cli.taking import WINDOW
from tests.brokers.management import vhost
from tests.integration.deadletters.tools import Recado
from tests.transport.inbox import consuming, eventually, to

COUNT: Final = 2_000
SLOWLY: Final = ("--rate", "600")
IDS: Final = [f"m{number}" for number in range(COUNT)]
MAY_DOUBLE: Final = {"embedded": 0, "activemq": 0, "rabbitmq": WINDOW}
"""By broker: how many messages a killed process may leave in both queues."""


@pytest.fixture(params=MAY_DOUBLE)
def kind(request: pytest.FixtureRequest) -> str:
    """Which broker it is."""
    return str(request.param)


@pytest.fixture
async def recado(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncGenerator[Recado]:
    """The command, with part of a broker of its own."""
    if kind == "embedded":
        yield Recado(tmp_path, f"sqlite:///{tmp_path}/broker.db")
    elif kind == "activemq":
        server = request.getfixturevalue(kind)
        yield Recado(tmp_path, server.url_with(f"test.{new_id()[:8]}"))
    else:
        server = request.getfixturevalue(kind)
        with vhost(server) as path:
            yield Recado(tmp_path, server.url_with(path))


@pytest.fixture
async def transport(recado: Recado) -> AsyncGenerator[Transport]:
    """A connection that has put messages into the queue ``a``."""
    transport = make_transport(recado.broker)
    await transport.open()
    await transport.declare(["a", "b"])
    await transport.publish(to("a", *IDS))
    yield transport
    await transport.close()


async def stopped(
    recado: Recado,
    transport: Transport,
    moved: int,
    signal_: signal.Signals,
    *options: str,
) -> Process:
    """Have a drain run until so many messages are in the other queue, and stop it."""
    process = await recado.start("drain", "a", "b", *options)
    are_moved = partial(are_there, transport, "b", moved)
    await eventually(are_moved, f"{moved} messages are moved", within_s=30)
    process.send_signal(signal_)
    await process.wait()
    return process


async def are_there(transport: Transport, queue: str, count: int) -> bool:
    """Return whether a queue holds so many messages."""
    return (await transport.depth(queue)).ready >= count


async def taken(transport: Transport, queue: str, count: int) -> list[str]:
    """Return the ids of what is in a queue, and take it."""
    inbox = await consuming(transport, queue)
    found: list[str] = []
    async with asyncio.TaskGroup() as ending:
        for _ in range(count):
            delivery = await inbox.next()
            found.append(delivery.message.id)
            ending.create_task(delivery.done())
    return found


async def test_kill_9_loses_nothing_and_another_drain_ends_the_work(
    kind: str, recado: Recado, transport: Transport
) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}")
    chance = random.Random(seed)
    first = chance.randrange(20, 200)

    await stopped(recado, transport, first, signal.SIGKILL, *SLOWLY)
    await stopped(recado, transport, first + chance.randrange(300), signal.SIGKILL)
    last = await recado.run("drain", "a", "b")
    left = await transport.depth("a")
    there = await transport.depth("b")
    found = Counter(await taken(transport, "b", there.ready))

    assert last.code == 0, last.err
    assert left.total == 0
    assert sorted(found) == sorted(IDS)
    assert found.total() - COUNT <= 2 * MAY_DOUBLE[kind]


async def test_ctrl_c_puts_back_what_was_in_hand(
    recado: Recado, transport: Transport
) -> None:
    process = await stopped(recado, transport, 50, signal.SIGINT, *SLOWLY)
    moved = (await transport.depth("b")).ready
    left = (await transport.depth("a")).ready

    assert process.returncode == 130
    assert (left, left + moved) == (COUNT - moved, COUNT)
    assert process.stderr is not None
    assert f"{moved} messages moved from a" in (await process.stderr.read()).decode()


async def test_what_has_no_place_stays_also_after_a_kill(
    recado: Recado, transport: Transport
) -> None:
    await transport.declare(["mixed"])
    going, staying = [f"g{n}" for n in range(300)], [f"s{n}" for n in range(30)]
    mixed = [*going, *staying]
    random.Random(5).shuffle(mixed)
    await transport.publish([Outgoing("mixed", envelope(id_)) for id_ in mixed])

    process = await recado.start("drain", "mixed", ".", *SLOWLY)
    await eventually(partial(are_there, transport, "b", 50), "50 are moved")
    process.kill()
    await process.wait()
    last = await recado.run("drain", "mixed", ".", "--json")
    there = await transport.depth("b")
    moved = set(await taken(transport, "b", there.ready))
    stayed = set(await taken(transport, "mixed", len(staying)))

    assert last.code == 1
    assert {each["message"] for each in last.json["staying"]} == set(staying)
    assert (moved, stayed) == (set(going), set(staying))


def envelope(id_: str) -> Message:
    """Return a message for a step; its queue is ``b``, or there is and can be none."""
    nowhere = {"queue": "x" * 300} if int(id_[1:]) % 2 else {"topic": "b"}
    step = {"queue": "b"} if id_.startswith("g") else nowhere
    return Message(encode({"recipe": {"1": step}, "recipe-pointer": 1}), {ID: id_})
