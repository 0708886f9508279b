"""A purge may be killed at any time: every message is in its queue, or in one file."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

from recado.dumps import read_dump
from recado.letter import Letter
from recado.message import ID, Message, Outgoing
from recado.transport import make_transport
from tests.integration.deadletters.tools import Recado
from tests.transport.inbox import eventually

IDS: Final = [f"m{number}" for number in range(600)]


async def test_kill_9_loses_nothing_and_writes_nothing_twice(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}")
    recado = Recado(tmp_path, f"sqlite:///{tmp_path}/broker.db")
    transport = make_transport(recado.broker)
    await transport.open()
    await transport.declare(["dlq.resize"])
    await transport.publish([Outgoing("dlq.resize", each) for each in dead()])
    wanted = random.Random(seed).randrange(1, 400)

    async def are_there() -> bool:
        return len(written(tmp_path)) >= wanted

    process = await recado.start("dlq", "purge")
    await eventually(are_there, f"{wanted} files", within_s=30)
    process.kill()
    await process.wait()
    left = (await transport.depth("dlq.resize")).total
    again = await recado.run("dlq", "purge")
    found = [
        read_dump(path.read_bytes()).message.id for path in written(tmp_path / "DLQ")
    ]
    await transport.close()

    assert again.code == 0, again.err
    assert len(again.out.splitlines()) == left
    assert sorted(found) == sorted(IDS)


def dead() -> list[Message]:
    letter = Letter("error", "why", "resize", 5, 1_600_000_000.0).header()
    return [Message(b"{}", {ID: id_, **letter}) for id_ in IDS]


def written(folder: Path) -> list[Path]:
    return list(folder.rglob("msg-*"))
