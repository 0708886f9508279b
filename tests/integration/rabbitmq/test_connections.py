"""Connections break, hang and come back; nothing that was accepted is lost by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pamqp.frame
import pytest
from aio_pika.abc import AbstractChannel
from pamqp.commands import Basic
from structlog.testing import capture_logs

from recado.errors import (
    ConfigError,
    DisconnectedError,
    RefusedError,
    UnroutableError,
)
from recado.message import Outgoing
from recado.transport import UnsettledError
from recado.transport.rabbitmq import RabbitTransport, frames
from recado.transport.rabbitmq import consumer as consumer_module
from recado.transport.rabbitmq import session as session_module
from recado.transport.rabbitmq import transport as module
from recado.transport.rabbitmq.frames import Parcel
from recado.transport.rabbitmq.lane import Lane
from recado.transport.rabbitmq.link import Link
from tests.brokers import RabbitMQ
from tests.integration.rabbitmq.conftest import REGISTERED_S, Opened, secure
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

NAMES = [f"m{number:02}" for number in range(50)]

CONSUME_OK = 60 << 16 | 21


def abort(link: Link) -> None:
    """Break a connection, as the network does."""
    assert link.session is not None
    link.session.abort()


async def test_publishes_in_flight_are_repeated_when_the_connection_breaks(
    transport: RabbitTransport,
) -> None:
    publishing = [
        asyncio.ensure_future(transport.publish(to("work", name))) for name in NAMES
    ]
    await asyncio.sleep(0)
    abort(transport.publishing)
    await asyncio.gather(*publishing)

    await seen_all(await consuming(transport, "work"))


async def test_a_settlement_goes_through_though_the_publishing_connection_breaks(
    transport: RabbitTransport,
) -> None:
    await transport.publish(to("work", "a"))
    delivery = await (await consuming(transport, "work")).next()

    abort(transport.publishing)
    await delivery.done(to("dlq", "b"))

    assert (await transport.depth("work")).total == 0
    assert (await transport.depth("dlq")).total == 1


async def test_what_was_held_is_stale_after_its_connection_broke(
    transport: RabbitTransport,
) -> None:
    await transport.publish(to("work", "a"))
    inbox = await consuming(transport, "work")
    stale = await inbox.next()

    abort(transport.consuming)
    with pytest.raises(UnsettledError) as caught:
        await stale.done(to("dlq", "b"))
    again = await inbox.next()

    assert list(caught.value.stale) == [stale]
    assert (again.message.id, again.attempt) == ("a", 2)
    assert (await transport.depth("dlq")).total == 0


async def test_topics_and_replies_come_back_with_the_connection(
    opened: Opened, transport: RabbitTransport
) -> None:
    other = await opened()
    news, questions = Inbox(), await consuming(other, "work")
    await transport.subscribe("news", news)
    asked = asyncio.ensure_future(transport.request("work", message("q")))
    await answer(await questions.next(), b"1")
    assert (await asked).body == b"1"

    abort(transport.consuming)
    await until(lambda: transport.is_alive)
    await other.publish(to_topic("news", "a"))
    asked = asyncio.ensure_future(transport.request("work", message("q")))
    await answer(await questions.next(), b"2")

    assert ids([await news.next()]) == ["a"]
    assert (await asked).body == b"2"


async def test_who_hears_topics_may_stop_while_the_broker_is_away(
    own: RabbitMQ,
) -> None:
    async with RabbitTransport(secure(own)) as transport:
        consumer = await transport.subscribe("news", Inbox())
        await asyncio.to_thread(own.kill)
        await until(lambda: not transport.is_alive)

        async with asyncio.timeout(5):
            await consumer.cancel()
    own.spawn()
    await asyncio.to_thread(own.await_ready)


async def test_a_topic_that_the_broker_forgot_is_made_anew_with_the_connection(
    opened: Opened, transport: RabbitTransport, plain: AbstractChannel
) -> None:
    news = Inbox()
    await transport.subscribe("news", news)

    # As a broker may that is killed right after the exchange was declared.
    await plain.exchange_delete("news")
    abort(transport.consuming)
    await until(lambda: not transport.is_alive)
    await until(lambda: transport.is_alive)
    await (await opened()).publish(to_topic("news", "a"))

    assert ids([await news.next()]) == ["a"]


async def test_a_broker_that_is_killed_and_started_again_keeps_everything(
    own: RabbitMQ,
) -> None:
    async with RabbitTransport(secure(own)) as transport:
        await transport.declare(["killed"])
        inbox = await consuming(transport, "killed", prefetch=5)
        await transport.publish(to("killed", *NAMES[:20]))
        await inbox.take(5)

        await asyncio.sleep(REGISTERED_S)
        await asyncio.to_thread(own.kill)
        waiting = asyncio.ensure_future(transport.publish(to("killed", *NAMES[20:])))
        await until(lambda: not transport.is_alive)
        own.spawn()
        await asyncio.to_thread(own.await_ready)

        await seen_all(inbox)
        await waiting
        assert transport.is_alive


async def seen_all(inbox: Inbox) -> None:
    """Handle what comes until everything has come; some of it may come twice."""
    seen: set[str] = set()
    while seen != set(NAMES):
        delivery = await inbox.next()
        await delivery.done()
        seen.add(delivery.message.id)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds that nobody tells of."""

    async def look() -> bool:
        return holds()

    await eventually(look, "it holds")


async def test_a_broker_that_hangs_is_noticed_by_its_silence(own: RabbitMQ) -> None:
    async with RabbitTransport(secure(own, heartbeat=1)) as transport:
        await transport.declare(["hung"])
        inbox = await consuming(transport, "hung")

        own.suspend()
        with capture_logs() as logs:
            await until(lambda: not transport.is_alive)
        assert "transport.silent" in [each["event"] for each in logs]
        own.resume()
        await transport.publish(to("hung", "a"))

        assert (await inbox.next()).message.id == "a"


async def test_a_broker_short_of_memory_blocks_publishers_and_nobody_else(
    own: RabbitMQ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PUT_BACK_S", 0.2)
    monkeypatch.setattr(session_module, "CLOSE_S", 0.2)
    leaving = RabbitTransport(secure(own))
    await leaving.open()
    async with RabbitTransport(secure(own)) as transport:
        await transport.declare(["blocked", "left"])
        await transport.publish([*to("blocked", "before"), *to("left", "held")])
        await (await consuming(leaving, "left")).next()

        await asyncio.to_thread(own.ctl, "set_vm_memory_high_watermark", "0.000001")
        waiting = asyncio.ensure_future(transport.publish(to("blocked", "during")))
        never = asyncio.ensure_future(leaving.publish(to("blocked", "never")))
        await until(lambda: transport.is_blocked and leaving.is_blocked)
        inbox = await consuming(transport, "blocked")
        await (await inbox.next()).done()
        async with asyncio.timeout(1):
            await leaving.close()
        with pytest.raises(DisconnectedError):
            await never
        assert not waiting.done()

        await asyncio.to_thread(own.ctl, "set_vm_memory_high_watermark", "0.5")
        await waiting
        assert not transport.is_blocked
        assert (await inbox.next()).message.id == "during"
        assert (await (await consuming(transport, "left")).next()).message.id == "held"


def test_closing_takes_five_seconds_at_most() -> None:
    assert module.PUT_BACK_S + session_module.CLOSE_S < 5


async def test_only_what_the_broker_dislikes_fails_of_what_is_under_way(
    transport: RabbitTransport,
) -> None:
    publisher = transport.publisher
    good = [transport.publish(to("work", name)) for name in NAMES]
    bad = publisher.publish([Parcel("no-such-exchange", "", b"", {}, 4)])

    results = await asyncio.gather(*good[:25], bad, *good[25:], return_exceptions=True)

    (error,) = [each for each in results if each is not None]
    assert isinstance(error, RefusedError)
    assert "no-such-exchange" in str(error)
    await seen_all(await consuming(transport, "work"))


async def test_a_consumer_that_is_given_nothing_of_what_waits_is_made_anew(
    transport: RabbitTransport, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECK_S", 0.1)
    zombie = await opened()
    inbox = await consuming(zombie, "work")
    session = zombie.consuming.session
    assert session is not None
    ((channel, _),) = session.tap.sinks.items()

    # The broker has no consumer any more, and nobody here knows.
    session.tap.write(pamqp.frame.marshal(Basic.Cancel("turn-1", True), channel))
    with capture_logs() as logs:
        await transport.publish(to("work", *NAMES[:3]))
        assert ids(await inbox.take(3)) == NAMES[:3]

    assert "transport.zombie" in [each["event"] for each in logs]


async def test_a_consumer_that_the_broker_does_not_answer_is_asked_for_anew(
    transport: RabbitTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "ANSWER_S", 0.2)
    monkeypatch.setattr(consumer_module, "_PAUSE_S", 0.0)
    take, dropped = Lane.frame, list[int]()

    def frame(lane: Lane, kind: int, data: bytes, at: int, end: int) -> bool:
        is_answer = data[at : at + 4] == frames.NUMBER.pack(CONSUME_OK)
        if is_answer and kind == frames.METHOD and not dropped:
            dropped.append(end)
            return True
        return take(lane, kind, data, at, end)

    monkeypatch.setattr(Lane, "frame", frame)

    with capture_logs() as logs:
        inbox = await consuming(transport, "work")

    await transport.publish(to("work", "a"))
    assert (await inbox.next()).message.id == "a"
    assert [each["name"] for each in logs if each["event"] == "transport.unanswered"]
    assert transport.is_alive


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (("guest:guest", "guest:wrong"), ConfigError),
        (("guest:guest", "nobody:x"), ConfigError),
        (("PATH", "nowhere"), ConfigError),
        (("PORT", "1"), DisconnectedError),
    ],
)
async def test_what_does_not_let_us_in_is_told_at_once_without_the_password(
    rabbitmq: RabbitMQ, change: tuple[str, str], error: type[Exception]
) -> None:
    url = rabbitmq.url_with("PATH").replace(str(rabbitmq.port), "PORT")
    url = url.replace(*change).replace("PORT", str(rabbitmq.port))
    transport = RabbitTransport(url.replace("/PATH", ""))

    with pytest.raises(error, match="broker amqp://127") as caught:
        await transport.open()

    assert "wrong" not in str(caught.value)
    assert not transport.is_alive


async def test_of_several_hosts_the_first_that_answers_is_taken(
    rabbitmq: RabbitMQ,
) -> None:
    here = f"127.0.0.1:{rabbitmq.port}"
    url = rabbitmq.url.replace(here, f"127.0.0.1:1,{here}")

    async with RabbitTransport(url) as transport:
        assert transport.is_alive


async def test_a_secure_connection_proves_who_the_broker_is(
    own: RabbitMQ, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("guest\n")
    body = bytes(range(256)) * 4096

    url = secure(own, password_file=password).replace("guest:guest", "guest")
    async with RabbitTransport(url) as transport:
        await transport.declare(["secure"])
        inbox = await consuming(transport, "secure")
        await transport.publish([Outgoing("secure", message("a", body))])
        assert (await inbox.next()).message.body == body

    with pytest.raises(ConfigError, match="certificate"):
        await RabbitTransport(own.url).open()


async def test_who_waits_for_an_answer_hears_that_the_transport_was_closed(
    opened: Opened,
) -> None:
    transport = await opened()
    publishing = [
        asyncio.ensure_future(transport.publish(to(f"unknown{number}", "a")))
        for number in range(100)
    ]
    await asyncio.sleep(0)
    await transport.close()

    async with asyncio.timeout(1):
        results = await asyncio.gather(*publishing, return_exceptions=True)
    assert {type(each) for each in results} == {DisconnectedError}


async def test_what_was_closed_can_be_opened_and_closed_again(opened: Opened) -> None:
    transport = await opened()
    await transport.close()

    await transport.open()
    await transport.declare(["work"])
    await transport.close()

    assert not transport.is_alive
    assert transport.consuming.session is None
    with pytest.raises(DisconnectedError):
        await transport.declare(["work"])


@pytest.mark.parametrize("name", ["ünï", "a*b", "x" * 256, "x" * 300])
async def test_a_name_that_cannot_be_is_refused_and_nobody_has_declared_it(
    transport: RabbitTransport, name: str
) -> None:
    async with asyncio.timeout(5):
        for call in (
            transport.declare([name]),
            transport.publish(to_topic(name, "a")),
            transport.subscribe(name, Inbox()),
        ):
            with pytest.raises(RefusedError):
                await call
        for call in (
            transport.publish(to(name, "a")),
            transport.consume(name, Inbox()),
        ):
            with pytest.raises(UnroutableError):
                await call


async def test_a_topic_that_the_broker_forbids_is_told_to_who_wants_to_hear_it(
    transport: RabbitTransport,
) -> None:
    async with asyncio.timeout(5):
        with pytest.raises(RefusedError, match="reserved prefix"):
            await transport.subscribe("amq.nothing", Inbox())

    assert transport.is_alive
