"""Sessions that two expanders share: one is killed, the event store too, then all stop."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from recado.clients.experiments import Experiments
from recado.errors import RemoteError, RequestTimeoutError
from recado.ids import new_id
from recado.transport import DEAD_LETTERS
from tests.system.conducting import conducting, recorded
from tests.system.fleet import fleet

pytestmark = pytest.mark.timeout(120)

NAMES: Final = [f"block {number}" for number in range(12)]
STUDY: Final = f"[configuration]\norder = {NAMES!r}\n" + "".join(
    f'[[blocks]]\nname = "{name}"\nconfig = {{}}\n' for name in NAMES
)
PARTICIPANTS: Final = range(1, 21)
MOVES: Final = 10


@dataclass
class Move:
    """A participant's move, asked for until somebody says that it is done."""

    participant: int
    id_: str = field(default_factory=new_id)

    async def make(self, client: Experiments) -> str:
        """Return the name of the block."""
        while True:
            try:
                return await client.move_to_next("lab", self.participant, id_=self.id_)
            except RequestTimeoutError:
                continue
            except RemoteError as error:
                if error.code != "unavailable":
                    raise


async def test_whoever_is_killed_everybody_moves_exactly_as_often_as_asked(
    tmp_path: Path, dice: random.Random
) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "study.toml").write_text(STUDY)
    names = ["eventstore", "expander", "expander"]
    moves = [Move(participant) for participant in PARTICIPANTS for _ in range(MOVES)]
    dice.shuffle(moves)
    async with (
        fleet(tmp_path, tmp_path / "recipes", names) as ships,
        conducting(ships.url) as conductor,
    ):
        patient = Experiments(conductor.transport, timeout_s=30.0)
        await patient.open("lab", "study.toml")
        for participant in PARTICIPANTS[1:]:
            await patient.add_participant("lab", participant)
        client = Experiments(conductor.transport, timeout_s=2.0)
        blocks: list[str] = []
        codes: list[int] = []
        for half, victim in ((moves[:100], "expander"), (moves[100:], "eventstore")):
            made = [asyncio.create_task(move.make(client)) for move in half]
            await asyncio.sleep(dice.uniform(0.0, 0.05))
            member = next(each for each in ships.running if each.name == victim)
            codes.append(await member.end(signal.SIGKILL))
            await ships.start(victim)
            blocks += await asyncio.gather(*made)
        again = await asyncio.gather(*(move.make(client) for move in moves))
        before = await patient.show("lab")
        depth = await conductor.transport.depth(DEAD_LETTERS)
        await ships.stop()

    async with (
        fleet(tmp_path, tmp_path / "recipes", names[:2]) as ships,
        conducting(ships.url) as conductor,
    ):
        after = await Experiments(conductor.transport, timeout_s=30.0).show("lab")
        await ships.stop()

    assert {it.position for it in before.participants} == {MOVES - 1}
    assert before == after
    assert again == blocks
    told = Counter(zip((move.participant for move in moves), blocks, strict=True))
    assert told == {(each, name): 1 for each in PARTICIPANTS for name in NAMES[:MOVES]}
    assert len(recorded(tmp_path, "participant.moved")) == len(moves)
    assert codes == [-signal.SIGKILL] * 2
    assert depth.total == 0
