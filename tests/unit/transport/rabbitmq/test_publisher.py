"""What is published is confirmed, refused or returned, and repeated after a loss."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, cast

import pytest

from recado.errors import DisconnectedError, RefusedError
from recado.message import ID
from recado.transport.rabbitmq import publisher as module
from recado.transport.rabbitmq.frames import Parcel
from recado.transport.rabbitmq.publisher import Publisher, ReturnedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from recado.transport.rabbitmq.confirms import Listener
    from recado.transport.rabbitmq.link import Link

UNSENDABLE = b"unsendable"


class Channel:
    """What was published on one channel, by the ids of the messages."""

    def __init__(self, lost: asyncio.Future[str], *, is_blocked: bool) -> None:
        self.lost = lost
        self.is_blocked = is_blocked
        self.ids: list[str] = []

    def publication(self, parcel: Parcel) -> bytes:
        if parcel.body == UNSENDABLE:
            raise RefusedError("its headers are too large")
        return parcel.headers[ID].encode() + b" "

    def write(self, data: bytes) -> None:
        self.ids += data.decode().split()


class Broker:
    """Stands for the link, its sessions, and the channels opened on them."""

    is_lost = False

    def __init__(self) -> None:
        self.blocked_changed: Callable[[], None]
        self.channels: list[Channel] = []
        self.refuted = 0

    @property
    def tap(self) -> Broker:
        return self

    @property
    def channel(self) -> Channel:
        return self.channels[-1]

    async def up(self) -> Broker:
        return self

    async def open(
        self, session: Broker, listener: Listener, lost: asyncio.Future[str]
    ) -> Channel:
        assert session is self
        is_blocked = bool(self.channels) and self.channel.is_blocked
        self.channels.append(Channel(lost, is_blocked=is_blocked))
        return self.channel

    def refute(self) -> None:
        self.refuted += 1

    def block(self, *, is_blocked: bool) -> None:
        self.channel.is_blocked = is_blocked
        self.blocked_changed()


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    broker = Broker()
    monkeypatch.setattr(module, "Confirms", broker)
    return broker


@pytest.fixture
async def publisher(broker: Broker) -> AsyncGenerator[Publisher]:
    publisher = Publisher(cast("Link", broker), "broker", broker.refute)
    await publisher.started()
    yield publisher
    await publisher.close()


def parcel(id_: str, body: bytes = b"{}", key: str = "work") -> Parcel:
    return Parcel("", key, body, {ID: id_}, 4)


class Told:
    """A call, and what its caller was told."""

    def __init__(self, publisher: Publisher, *parcels: Parcel) -> None:
        self.outcomes: list[Exception | None] = []
        self.call = publisher.submit(parcels, self.outcomes.append)

    @property
    def is_done(self) -> bool:
        return self.outcomes == [None]

    @property
    def error(self) -> Exception | None:
        (outcome,) = self.outcomes
        return outcome


async def settled() -> None:
    """Have everything happen that waits for nothing from outside."""
    for _ in range(10):
        await asyncio.sleep(0)


# Confirmations


async def test_a_confirmation_of_many_confirms_all_before_it(
    publisher: Publisher, broker: Broker
) -> None:
    a, b, c = (Told(publisher, parcel(each)) for each in "abc")
    await settled()
    assert broker.channel.ids == ["a", "b", "c"]

    publisher.confirmed(2, multiple=True, refused=False)

    assert (a.is_done, b.is_done, c.outcomes) == (True, True, [])


async def test_confirmations_come_in_any_order(publisher: Publisher) -> None:
    a, b = Told(publisher, parcel("a")), Told(publisher, parcel("b"))

    publisher.confirmed(2, multiple=False, refused=False)
    assert (a.outcomes, b.is_done) == ([], True)
    publisher.confirmed(1, multiple=False, refused=False)
    assert a.is_done


async def test_a_call_is_done_when_all_of_it_is_confirmed(publisher: Publisher) -> None:
    call = Told(publisher, parcel("a"), parcel("b"))

    publisher.confirmed(1, multiple=False, refused=False)
    assert call.outcomes == []
    publisher.confirmed(2, multiple=False, refused=False)

    assert call.is_done


async def test_a_confirmation_of_nothing_is_nothing(publisher: Publisher) -> None:
    call = Told(publisher, parcel("a"))

    publisher.confirmed(9, multiple=False, refused=False)

    assert call.outcomes == []


async def test_nothing_is_done_at_once(publisher: Publisher) -> None:
    assert Told(publisher).is_done


# Refusals and returns


async def test_what_is_refused_fails_when_all_of_its_call_is_known(
    publisher: Publisher,
) -> None:
    call, other = (
        Told(publisher, parcel("a", key="full"), parcel("b")),
        Told(publisher, parcel("c")),
    )

    publisher.confirmed(1, multiple=False, refused=True)
    assert call.outcomes == []
    publisher.confirmed(3, multiple=True, refused=False)

    assert isinstance(call.error, RefusedError)
    assert "'full'" in str(call.error)
    assert other.is_done


async def test_what_is_returned_is_told_by_its_id(publisher: Publisher) -> None:
    calls = {each: Told(publisher, parcel(each)) for each in "abc"}

    publisher.returned("", "work", "b")
    publisher.confirmed(3, multiple=True, refused=False)

    assert (calls["a"].is_done, calls["c"].is_done) == (True, True)
    assert isinstance(calls["b"].error, ReturnedError)


async def test_of_two_with_one_id_each_is_returned_once(publisher: Publisher) -> None:
    calls = [Told(publisher, parcel("a")), Told(publisher, parcel("a"))]

    publisher.returned("", "work", "a")
    publisher.returned("", "work", "a")
    publisher.confirmed(2, multiple=True, refused=False)

    assert all(isinstance(each.error, ReturnedError) for each in calls)


async def test_all_queues_that_were_not_there_are_told_once(
    publisher: Publisher,
) -> None:
    call = Told(
        publisher,
        parcel("a", key="x"),
        parcel("a", key="x"),
        parcel("a", key="y"),
        parcel("a"),
    )

    for key in ("x", "x", "y"):
        publisher.returned("", key, "a")
    publisher.confirmed(4, multiple=True, refused=False)

    assert isinstance(call.error, ReturnedError)
    assert call.error.queues == ("x", "y")


async def test_what_can_never_be_sent_is_refused_and_sends_nothing_of_its_call(
    publisher: Publisher, broker: Broker
) -> None:
    with pytest.raises(RefusedError, match="too large"):
        Told(publisher, parcel("a"), parcel("b", UNSENDABLE))
    await settled()

    assert broker.channel.ids == []


# The window


async def test_beyond_the_window_calls_wait_in_their_order(
    publisher: Publisher, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WINDOW", 2)
    for each in "abcd":
        Told(publisher, parcel(each))
    await settled()
    assert broker.channel.ids == ["a", "b"]

    publisher.confirmed(1, multiple=False, refused=False)
    await settled()
    assert broker.channel.ids == ["a", "b", "c"]

    publisher.confirmed(3, multiple=True, refused=False)
    await settled()
    assert broker.channel.ids == ["a", "b", "c", "d"]


async def test_bytes_fill_the_window_too_and_what_is_larger_goes_alone(
    publisher: Publisher, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WINDOW_BYTES", 10)
    Told(publisher, parcel("a", b"1234"))
    Told(publisher, parcel("b", b"12345"))
    Told(publisher, parcel("c", b"1234"))
    Told(publisher, parcel("huge", b"x" * 11))
    await settled()
    assert broker.channel.ids == ["a", "b"]

    publisher.confirmed(1, multiple=False, refused=False)
    await settled()
    assert broker.channel.ids == ["a", "b", "c"]

    publisher.confirmed(3, multiple=True, refused=False)
    await settled()
    assert broker.channel.ids == ["a", "b", "c", "huge"]


async def test_a_waiting_call_that_can_never_be_sent_stops_no_other(
    publisher: Publisher, broker: Broker
) -> None:
    broker.block(is_blocked=True)
    bad, good = (
        Told(publisher, parcel("a", UNSENDABLE)),
        Told(publisher, parcel("b")),
    )

    broker.block(is_blocked=False)
    await settled()

    assert isinstance(bad.error, RefusedError)
    assert broker.channel.ids == ["b"]
    assert good.outcomes == []


async def test_while_the_broker_is_short_of_something_nothing_is_sent(
    publisher: Publisher, broker: Broker
) -> None:
    broker.block(is_blocked=True)
    Told(publisher, parcel("a"))
    await settled()
    assert (publisher.is_blocked, broker.channel.ids) == (True, [])

    broker.block(is_blocked=False)
    await settled()
    assert (publisher.is_blocked, broker.channel.ids) == (False, ["a"])


async def test_who_is_cancelled_while_it_waits_sends_nothing(
    publisher: Publisher, broker: Broker
) -> None:
    broker.block(is_blocked=True)
    waiting = asyncio.ensure_future(publisher.publish([parcel("a")]))
    await settled()
    waiting.cancel()
    await settled()

    broker.block(is_blocked=False)
    await settled()

    assert waiting.cancelled()
    assert broker.channel.ids == []


# Losses


async def test_what_a_lost_connection_leaves_open_is_sent_again_in_its_order(
    publisher: Publisher, broker: Broker
) -> None:
    a = Told(publisher, parcel("a"), parcel("b"))
    b = Told(publisher, parcel("c"))
    publisher.confirmed(1, multiple=False, refused=False)

    broker.channel.lost.set_result("")
    await settled()

    assert [len(broker.channels), *broker.channel.ids] == [2, "b", "c"]
    publisher.confirmed(2, multiple=True, refused=False)
    assert (a.is_done, b.is_done, broker.refuted) == (True, True, 0)


async def test_what_comes_as_the_connection_goes_is_repeated_too(
    publisher: Publisher, broker: Broker
) -> None:
    Told(publisher, parcel("a"))
    await settled()
    broker.channel.lost.set_result("")
    Told(publisher, parcel("b"))
    await settled()

    assert [each.ids for each in broker.channels] == [["a"], ["a", "b"]]


async def test_what_waits_stays_behind_what_is_repeated(
    publisher: Publisher, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WINDOW", 1)
    Told(publisher, parcel("a"))
    Told(publisher, parcel("b"))

    broker.channel.lost.set_result("")
    await settled()
    publisher.confirmed(1, multiple=False, refused=False)
    await settled()

    assert broker.channel.ids == ["a", "b"]


async def test_what_the_broker_dislikes_is_found_by_sending_one_at_a_time(
    publisher: Publisher, broker: Broker
) -> None:
    a, bad, c = (Told(publisher, parcel(each)) for each in ("a", "bad", "c"))
    await settled()

    broker.channel.lost.set_result("404 no exchange 'x'")
    await settled()
    assert broker.channel.ids == ["a"]
    publisher.confirmed(1, multiple=False, refused=False)
    await settled()
    assert broker.channel.ids == ["a", "bad"]
    broker.channel.lost.set_result("404 no exchange 'x'")
    await settled()

    assert isinstance(bad.error, RefusedError)
    assert "404 no exchange 'x'" in str(bad.error)
    assert broker.channel.ids == ["c"]
    publisher.confirmed(1, multiple=False, refused=False)
    assert (a.is_done, c.is_done, broker.refuted) == (True, True, 2)


async def test_when_the_culprit_is_found_many_are_under_way_again(
    publisher: Publisher, broker: Broker
) -> None:
    Told(publisher, parcel("bad"))
    await settled()
    broker.channel.lost.set_result("404 no exchange 'x'")
    await settled()

    for each in "ab":
        Told(publisher, parcel(each))
    await settled()

    assert broker.channel.ids == ["a", "b"]


# The end


async def test_who_waits_when_it_is_closed_is_told_once(
    publisher: Publisher, broker: Broker
) -> None:
    sent = Told(publisher, parcel("a"), parcel("b"))
    await settled()
    broker.block(is_blocked=True)
    waiting = Told(publisher, parcel("c"))

    await publisher.close()

    assert isinstance(sent.error, DisconnectedError)
    assert isinstance(waiting.error, DisconnectedError)
    with pytest.raises(DisconnectedError):
        Told(publisher, parcel("d"))
