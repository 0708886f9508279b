"""Looking at queues takes nothing out of them, and tells the truth."""

import pytest

from recado.errors import UnroutableError, UnsupportedError
from recado.message import Message, Outgoing
from recado.transport import DEAD_LETTERS, Depth, Transport
from tests.transport.broker import Broker
from tests.transport.inbox import consuming, ids, queued, to


async def is_refused(broker: Broker, transport: Transport) -> bool:
    """Return whether the broker shows nothing; then the transport has to say so."""
    if not broker.differences.browses:
        with pytest.raises(UnsupportedError, match="work"):
            await transport.browse("work")
    return not broker.differences.browses


async def test_browsing_shows_messages_in_order_and_takes_none(
    broker: Broker, transport: Transport
) -> None:
    if await is_refused(broker, transport):
        return
    body = bytes(range(256))
    await transport.publish(to("work", "a", "b"))
    await transport.publish(
        [Outgoing("work", Message(body, {"recado-id": "c", "x-mine": "✓"}))]
    )

    for _ in range(2):
        seen = await transport.browse("work")
        assert ids(seen) == ["a", "b", "c"]
        assert seen[2].message.body == body
        assert seen[2].message.headers["x-mine"] == "✓"
        assert [it.state for it in seen] == ["ready"] * 3
    assert (await transport.depth("work")).total == 3


async def test_a_cursor_goes_on_where_the_page_before_ended(
    broker: Broker, transport: Transport
) -> None:
    if await is_refused(broker, transport):
        return
    names = [f"m{number}" for number in range(10)]
    await transport.publish(to("work", *names))

    seen: list[str] = []
    after = 0
    while page := await transport.browse("work", limit=3, after=after):
        assert len(page) <= 3
        seen += ids(page)
        after = page[-1].cursor

    assert seen == names


async def test_browsing_tells_what_is_held_and_what_waits(
    broker: Broker, transport: Transport
) -> None:
    if await is_refused(broker, transport):
        return
    await transport.publish(to("work", "held"))
    inbox = await consuming(transport, "work", prefetch=1)
    await inbox.next()
    await transport.publish(to("work", "ready", priority=7))
    await transport.publish(to("work", "delayed", delay_s=60.0))

    seen = {it.message.id: it for it in await transport.browse("work")}

    differences = broker.differences
    assert seen["ready"].state == "ready"
    assert (seen["held"].state == "held") is (differences.held == "told")
    assert (seen["delayed"].state == "delayed") is (differences.delayed == "told")
    assert (seen["ready"].priority == 7) is differences.heeds_priority


async def test_a_depth_is_exact(broker: Broker, transport: Transport) -> None:
    await transport.publish(to("work", *(f"held{n}" for n in range(2))))
    inbox = await consuming(transport, "work", prefetch=2)
    await inbox.take(2)
    await transport.publish(to("work", *(f"ready{n}" for n in range(3))))
    await transport.publish(to("work", *(f"late{n}" for n in range(4)), delay_s=60.0))

    expected = broker.differences.depth(ready=3, delayed=4, held=2)
    assert await transport.depth("work") == expected


async def test_what_has_come_due_counts_as_ready(
    broker: Broker, transport: Transport
) -> None:
    await transport.publish(to("work", "late", delay_s=1.0))
    await broker.advance(1.0 + broker.differences.late_s)

    assert await transport.depth("work") == Depth(1, 0, 0)
    assert await queued(broker, "work") == ["late"]


async def test_every_declared_queue_is_told_and_nothing_else(
    broker: Broker, transport: Transport
) -> None:
    await transport.declare(["other"])
    await transport.subscribe("news", lambda _: None)
    await transport.publish(to("other", "a", "b"))

    every = {"work": 0, "other": 2, DEAD_LETTERS: 0}
    listed = await transport.depths()
    named = await transport.depths(["other", "x" * 300, "a\0b", "dlq", "wrok", "work"])

    assert totals(listed) == (every if broker.differences.lists_queues else {})
    assert totals(named) == every


def totals(depths: dict[str, Depth]) -> dict[str, int]:
    return {name: depth.total for name, depth in depths.items()}


async def test_another_connection_sees_the_same(
    broker: Broker, transport: Transport
) -> None:
    other = await broker.open()
    await transport.publish(to("work", "a"))

    assert await queued(broker, "work") == ["a"]
    assert await other.depth("work") == await transport.depth("work")


@pytest.mark.parametrize("look", ["depth", "browse"])
async def test_a_queue_that_nobody_declared_has_no_depth(
    transport: Transport, look: str
) -> None:
    with pytest.raises((UnroutableError, UnsupportedError), match="wrok"):
        await getattr(transport, look)("wrok")


async def test_declaring_again_changes_nothing(
    broker: Broker, transport: Transport
) -> None:
    await transport.publish(to("work", "a"))

    await transport.declare(["work", "other", "other"])

    assert await queued(broker, "work") == ["a"]


async def test_verifying_names_every_queue_that_is_missing_and_makes_none(
    transport: Transport,
) -> None:
    await transport.declare(["work"], "verify")

    with pytest.raises(UnroutableError, match=r"(?s)one.*two"):
        await transport.declare(["one", "work", "two"], "verify")

    assert "one" not in await transport.depths(["one"])


async def test_with_topology_off_nothing_is_declared(transport: Transport) -> None:
    await transport.declare(["other"], "off")

    assert "other" not in await transport.depths(["other"])


async def test_a_queue_declared_by_one_process_is_there_for_all(
    broker: Broker, transport: Transport
) -> None:
    other = await broker.open()

    await transport.declare(["new"])

    await other.declare(["new"], "verify")
    await other.publish(to("new", "a"))


async def test_the_ceiling_is_what_the_url_says(broker: Broker) -> None:
    assert (await broker.open(ceiling=7)).ceiling == 7


async def test_no_other_queue_of_dead_letters_is_made_up(
    broker: Broker, transport: Transport
) -> None:
    if broker.differences.lists_queues:
        assert await transport.dead_letter_queues() == []
    else:
        with pytest.raises(UnsupportedError, match="cannot list queues"):
            await transport.dead_letter_queues()
