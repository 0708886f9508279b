"""Sessions that two expanders share, on each broker."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from recado.clients.experiments import Experiments
from recado.config import Settings
from recado.ids import new_id
from recado.runtime import Runtime
from recado.transport import DEAD_LETTERS, Transport
from recado_eventstore.service import EventStore
from recado_expander.service import Expander
from tests.transport.broker import Broker

BLOCKS = [f"block {number}" for number in range(12)]
STUDY = f"[configuration]\norder = {BLOCKS!r}\n" + "".join(
    f'[[blocks]]\nname = "{name}"\nconfig = {{}}\n' for name in BLOCKS
)


@pytest.fixture
async def transport(broker: Broker, tmp_path: Path) -> AsyncGenerator[Transport]:
    """A connection to a broker at which two expanders are at work."""
    settings = Settings(state=tmp_path, recipes=tmp_path, grace_s=5.0)
    transport = await broker.open()
    await transport.declare([DEAD_LETTERS])
    services = [EventStore(), Expander(), Expander()]
    runtimes = [Runtime(each, await broker.open(), settings) for each in services]
    running = [asyncio.create_task(runtime.run()) for runtime in runtimes]
    yield transport
    for runtime in runtimes:
        runtime.stop()
    assert await asyncio.gather(*running) == [0] * len(running)


async def test_everybody_moves_as_often_as_asked_though_requests_come_twice(
    transport: Transport,
) -> None:
    await transport.declare(["experiment", "eventstore"])
    client = Experiments(transport, timeout_s=30.0)
    await client.open("lab", text=STUDY)
    for participant in range(2, 7):
        await client.add_participant("lab", participant)
    moves = [(participant, new_id()) for participant in range(1, 7) for _ in range(10)]

    blocks = await asyncio.gather(
        *(client.move_to_next("lab", each, id_=id_) for each, id_ in (*moves, *moves))
    )

    shown = await client.show("lab")
    told = Counter((each, name) for (each, _), name in zip(moves, blocks, strict=False))
    assert blocks[: len(moves)] == blocks[len(moves) :]
    assert told == {(each, name): 1 for each in range(1, 7) for name in BLOCKS[:10]}
    assert {it.position for it in shown.participants} == {9}
    assert shown.version == 3 + 5 + len(moves)
    assert (await transport.depth(DEAD_LETTERS)).total == 0
