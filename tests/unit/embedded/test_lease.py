"""A process whose lease has ended takes part again, and nothing is lost in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from recado.errors import DisconnectedError, RefusedError
from recado.transport import UnsettledError
from recado.transport.embedded import EmbeddedTransport, rounds, workers
from recado.transport.embedded.store import Store
from tests.transport.inbox import (
    Inbox,
    answer,
    consuming,
    eventually,
    ids,
    message,
    to,
    to_topic,
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/b.db"


@pytest.fixture
async def transport(url: str) -> AsyncGenerator[EmbeddedTransport]:
    async with EmbeddedTransport(url) as transport:
        await transport.declare(["work"])
        yield transport


async def end_lease(transport: EmbeddedTransport) -> None:
    """Do what another process does to one that has not renewed its lease."""
    worker = transport.worker
    assert await transport.do(lambda store: workers.remove(store, worker, []))


async def back(transport: EmbeddedTransport, former: int) -> None:
    """Wait until a process is registered again."""

    async def is_back() -> bool:
        return transport.worker != former

    await eventually(is_back, "the process is registered again")


async def test_what_it_would_have_claimed_is_not_lost(
    transport: EmbeddedTransport,
) -> None:
    inbox = await consuming(transport, "work")
    await end_lease(transport)

    await transport.publish(to("work", "a"))
    delivery = await inbox.next()

    assert delivery.attempt == 1
    await delivery.done()
    assert ids(await transport.browse("work")) == []


async def test_what_it_held_comes_again_and_what_it_says_of_it_counts_no_more(
    transport: EmbeddedTransport,
) -> None:
    inbox = await consuming(transport, "work", prefetch=1)
    await transport.publish(to("work", "a", "b"))
    held = await inbox.next()
    held.began()
    await end_lease(transport)

    with pytest.raises(UnsettledError) as caught:
        await held.done(to("work", "sent"))

    assert caught.value.stale == (held,)
    assert ids(await inbox.take(1)) == ["a"]
    assert ids(await transport.browse("work")) == ["a", "b"]


async def test_stale_deliveries_leave_room_and_the_rest_can_be_settled(
    transport: EmbeddedTransport,
) -> None:
    await transport.publish(to("work", "a", "b", "c"))
    inbox = await consuming(transport, "work", prefetch=2)
    old = await inbox.take(2)
    await end_lease(transport)
    with pytest.raises(UnsettledError):
        await old[0].done()
    again = await inbox.next()

    with pytest.raises(UnsettledError):
        await old[1].release()
    await again.done()

    assert ids(await inbox.take(2)) == ["b", "c"]


async def test_its_topics_are_subscribed_again(
    transport: EmbeddedTransport, url: str
) -> None:
    inbox, work = Inbox(), await consuming(transport, "work")
    await transport.subscribe("news", inbox)
    former = transport.worker
    await end_lease(transport)
    await transport.publish(to("work", "a"))  # it notices when it looks for messages
    await work.next()
    await back(transport, former)

    async def arrives() -> bool:
        async with EmbeddedTransport(url) as other:
            await other.publish(to_topic("news", "n"))
            await other.depths()
        return inbox.waiting > 0

    await eventually(arrives, "a message of the topic arrives")


async def test_it_asks_and_is_answered_again(
    transport: EmbeddedTransport, url: str
) -> None:
    async with EmbeddedTransport(url) as other:
        questions = await consuming(other, "work")
        for body in (b"first", b"second"):
            asked = asyncio.ensure_future(transport.request("work", message("q")))
            await answer(await questions.next(), body)
            assert (await asked).body == body
            former = transport.worker
            await end_lease(transport)
            transport.lease_lost()
            await back(transport, former)


async def test_it_subscribes_although_it_did_not_know_yet(
    transport: EmbeddedTransport,
) -> None:
    await end_lease(transport)
    inbox = Inbox()

    await transport.subscribe("news", inbox)
    await transport.publish(to_topic("news", "n"))

    assert (await inbox.next()).message.id == "n"


async def test_a_subscription_cancelled_meanwhile_stays_cancelled(
    transport: EmbeddedTransport,
) -> None:
    inbox = Inbox()
    consumption = await transport.subscribe("news", inbox)
    await end_lease(transport)

    transport.lease_lost()
    await transport.depths()  # it is registering, or subscribing
    await consumption.cancel()
    await transport.publish(to_topic("news", "n"))
    await transport.depths()

    def bound(store: Store) -> int:
        row = store.database.execute("SELECT count(*) FROM queue WHERE topic = 'news'")
        return int(row.fetchone()[0])

    async def nobody() -> bool:
        return await transport.do(bound) == 0

    await eventually(nobody, "nothing is kept for the topic")
    assert inbox.waiting == 0


async def test_while_it_cannot_register_it_refuses_and_tries_again(
    transport: EmbeddedTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    await end_lease(transport)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(rounds, "Presence", full)
        with pytest.raises(RefusedError, match="does not register"):
            await transport.subscribe("news", Inbox())

    await transport.subscribe("news", Inbox())
    assert transport.is_alive


async def test_a_process_without_a_lock_file_is_gone(
    transport: EmbeddedTransport, url: str, tmp_path: Path
) -> None:
    # As in a copy of the file that was made while somebody was at work.
    inbox = await consuming(transport, "work")
    await transport.publish(to("work", "a"))
    await inbox.next()
    (tmp_path / "b.db.run" / f"{transport.worker}.lock").unlink()

    async with EmbeddedTransport(url) as other:
        again = await (await consuming(other, "work")).next()

        assert (again.message.id, again.attempt) == ("a", 1)


async def test_the_folder_of_locks_can_be_lost(
    transport: EmbeddedTransport, tmp_path: Path
) -> None:
    inbox = await consuming(transport, "work")
    folder = tmp_path / "b.db.run"
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
    await end_lease(transport)

    await transport.publish(to("work", "a"))

    assert (await inbox.next()).message.id == "a"


async def test_what_a_crash_left_in_the_folder_is_cleaned_up(
    transport: EmbeddedTransport, url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "b.db.run"
    await consuming(transport, "work")
    before = sorted(folder.rglob("*"))
    crashed = EmbeddedTransport(url)
    await crashed.open()
    await crashed.subscribe("news", Inbox())
    await crashed.abandon()
    (folder / "4711.lock").touch()  # of one that died before it was registered

    async def is_clean() -> bool:
        return sorted(folder.rglob("*")) == before

    await eventually(is_clean, "nothing is left of the crashed process")


async def test_a_request_under_way_when_its_transport_closes_is_told(
    url: str, transport: EmbeddedTransport
) -> None:
    other = EmbeddedTransport(url)
    await other.open()
    questions = await consuming(transport, "work")
    asked = asyncio.ensure_future(other.request("work", message("q")))
    await questions.next()

    await other.close()

    with pytest.raises(DisconnectedError, match="was closed"):
        await asked


async def test_a_request_whose_reply_queue_cannot_be_made_fails_and_the_next_does_not(
    transport: EmbeddedTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = await consuming(transport, "work")

    async def full(_: object) -> None:
        raise RefusedError("full")

    with monkeypatch.context() as patch:
        patch.setattr(transport, "_try_to_add", full)
        with pytest.raises(RefusedError, match="full"):
            await transport.request("work", message("q"))

    asked = asyncio.ensure_future(transport.request("work", message("q")))
    await answer(await questions.next(), b"yes")
    assert (await asked).body == b"yes"


async def test_a_cancelled_request_leaves_nothing_waiting(
    transport: EmbeddedTransport,
) -> None:
    for turns in range(6):
        asked = asyncio.ensure_future(transport.request("work", message("q")))
        for _ in range(turns):
            await asyncio.sleep(0)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        assert asked.cancelled()

    questions = await consuming(transport, "work")
    while questions.waiting:
        await (await questions.next()).done()
    asked = asyncio.ensure_future(transport.request("work", message("last")))
    question = await questions.next()
    while question.message.id != "last":
        question = await questions.next()
    await answer(question, b"yes")
    assert (await asked).body == b"yes"


async def test_a_lease_that_ends_again_and_again_keeps_nobody_from_subscribing(
    transport: EmbeddedTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Store.add_temporary
    refusals = 3

    def refused(store: Store, name: str, topic: str | None, worker: int) -> int | None:
        nonlocal refusals
        refusals -= 1
        if refusals >= 0:
            workers.remove(store, worker, [])
            return None
        return add(store, name, topic, worker)

    monkeypatch.setattr(Store, "add_temporary", refused)
    news = Inbox()
    await transport.subscribe("news", news)
    await transport.publish(to_topic("news", "a"))
    assert ids([await news.next()]) == ["a"]
