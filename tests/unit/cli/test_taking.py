"""What is taken out of a queue is worked on, or goes back."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from recado.errors import RefusedError
from recado.transport import (
    Delivery,
    Settlement,
    Transport,
    UnsettledError,
    Verdict,
    make_transport,
)
from recado_cli.taking import Limits, Taking, settle, take_all
from tests.transport.inbox import to

NAMES = [f"m{number}" for number in range(20)]


@pytest.fixture
async def transport() -> AsyncGenerator[Transport]:
    """A broker in memory, with messages in the queue ``a``."""
    transport = make_transport("sqlite:///:memory:")
    await transport.open()
    await transport.declare(["a", "b"])
    await transport.publish(to("a", *NAMES))
    yield transport
    await transport.close()


async def done(_: Taking, batch: Sequence[Delivery]) -> int:
    settled = await settle(batch[0].transport, [_done(each) for each in batch])
    return len(settled.done)


def _done(delivery: Delivery) -> Settlement:
    return Settlement(delivery, Verdict.DONE)


async def test_a_queue_is_emptied(transport: Transport) -> None:
    taking = Taking(transport, "a", done)

    await taking.run()

    assert taking.count == len(NAMES)
    assert (await transport.depth("a")).total == 0


async def test_an_empty_queue_ends_it(transport: Transport) -> None:
    taking = Taking(transport, "b", done)

    await taking.run()

    assert taking.count == 0


async def test_work_that_fails_ends_it_and_the_rest_goes_back(
    transport: Transport,
) -> None:
    async def fail(_: Taking, batch: Sequence[Delivery]) -> int:
        raise RefusedError("the disk is full")

    taking = Taking(transport, "a", fail, Limits(pace_s=0.001))

    with pytest.raises(RefusedError, match="the disk is full"):
        await taking.run()

    # What was being worked on is let go of with the connection.
    depth = await transport.depth("a")
    assert depth.total == len(NAMES)
    assert depth.held < len(NAMES)


async def test_of_several_queues_the_first_that_fails_ends_the_others(
    transport: Transport,
) -> None:
    async def fail(_: Taking, batch: Sequence[Delivery]) -> int:
        raise RefusedError("the disk is full")

    for_ever = Taking(transport, "b", done, Limits(idle_s=0))

    with pytest.raises(RefusedError, match="the disk is full"):
        await take_all([for_ever, Taking(transport, "a", fail)])


class Scripted:
    """A transport whose settlements end as a script says."""

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.calls: list[list[Delivery]] = []

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Settle, or raise what comes next."""
        self.calls.append([each.delivery for each in settlements])
        outcome = self.script.pop(0)
        if outcome is not None:
            raise outcome


async def test_what_cannot_be_settled_keeps_nothing_else_from_it() -> None:
    a, b, c, d = (Delivery(None, "q", 1, None, None) for _ in range(4))  # type: ignore[arg-type] # none of it is looked at
    transport: Any = Scripted(UnsettledError([a], {1: "gone"}), None)

    settled = await settle(transport, [_done(each) for each in (a, b, c, d)])

    assert transport.calls == [[a, b, c, d], [c, d]]
    assert [each.delivery for each in settled.done] == [c, d]
    assert settled.unroutable == [(b, "gone")]


async def test_what_the_broker_does_not_take_keeps_nothing_else_from_it() -> None:
    a, b, c = (Delivery(None, "q", 1, None, None) for _ in range(3))  # type: ignore[arg-type] # none of it is looked at
    refusal = RefusedError("there can be no such name")
    transport: Any = Scripted(
        refusal, None, refusal, UnsettledError([], {0: "gone"}), None
    )
    sent: Any = ["anything"]

    settled = await settle(
        transport, [Settlement(each, Verdict.DONE, sent) for each in (a, b, c)]
    )

    assert [each.delivery for each in settled.done] == [a]
    assert settled.refused == [(b, "there can be no such name")]
    assert settled.unroutable == [(c, "gone")]


async def test_a_broker_that_takes_no_end_at_all_is_told() -> None:
    delivery = Delivery(None, "q", 1, None, None)  # type: ignore[arg-type] # none of it is looked at
    transport: Any = Scripted(RefusedError("it is full"))

    with pytest.raises(RefusedError, match="it is full"):
        await settle(transport, [_done(delivery)])


@pytest.mark.parametrize(
    ("limits", "window"),
    [
        (Limits(), 200),
        (Limits(most=5), 5),
        (Limits(most=500), 20),
        (Limits(pace_s=5.0), 1),
        (Limits(pace_s=0.1), 21),
        (Limits(pace_s=0.0001), 200),
    ],
)
def test_no_more_is_held_than_goes_soon(limits: Limits, window: int) -> None:
    assert limits.window == window
