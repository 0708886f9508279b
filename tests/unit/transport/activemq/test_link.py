"""What aiostomp lacks, one test for each: with a broker that only pretends."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Sequence

import pytest
from aiostomp.aiostomp import StompReader  # type: ignore[import-untyped]

from recado.errors import ConfigError, DisconnectedError, RefusedError
from recado.message import Message, Outgoing
from recado.transport import Delivery, UnsettledError
from recado.transport.activemq import ActiveMQTransport, link, looking
from recado.transport.activemq.frames import Frame, frame
from recado.transport.activemq.lane import FORGET_AFTER
from recado.transport.activemq.reader import Reader
from tests.transport.inbox import Inbox, consuming, eventually, to
from tests.unit.transport.activemq.pretence import (
    Pretence,
    opened,
    pretence,
    receipt,
    usual,
)


@pytest.fixture
async def broker() -> AsyncGenerator[Pretence]:
    async with pretence() as broker:
        yield broker


def delivered(number: int, subscription: str, **headers: str) -> bytes:
    own = {"message-id": f"ID:{number}", "recado-id": f"m{number}", "destination": "/q"}
    return frame("MESSAGE", {**own, "subscription": subscription, **headers}, b"{}")


async def holding(broker: Pretence, transport: ActiveMQTransport, count: int) -> Inbox:
    """Consume, and have so many messages delivered."""
    inbox = await consuming(transport, "work")
    subscription = broker.sent("SUBSCRIBE")[-2].headers["id"]
    broker.send(*(delivered(number, subscription) for number in range(count)))
    return inbox


def test_the_private_names_that_are_built_upon_are_where_they_were() -> None:
    parameters = list(inspect.signature(StompReader.__init__).parameters)
    assert parameters[:4] == ["self", "frame_handler", "loop", "heartbeat"]
    made = inspect.getsource(StompReader.__init__)
    for name in ("_loop", "_transport", "_protocol", "_connect_headers"):
        assert f"self.{name}" in made
    begin = inspect.getsource(StompReader.connection_made)
    assert "self._transport = transport" in begin
    assert "self.connect()" in begin
    connect = inspect.getsource(StompReader.connect)
    assert 'build_frame("CONNECT", headers=self._connect_headers)' in connect


async def test_a_publish_ends_when_its_receipt_has_come(broker: Pretence) -> None:
    async with opened(broker) as transport:
        broker.answer = lambda got: [] if got.command == "SEND" else None
        publishing = asyncio.ensure_future(transport.publish(to("work", "a")))
        got = await broker.got("SEND")
        assert not publishing.done()

        broker.send(receipt(got))
        await publishing


async def test_what_is_published_together_is_one_transaction(broker: Pretence) -> None:
    async with opened(broker) as transport:
        await asyncio.gather(
            transport.publish(to("work", "a")), transport.publish(to("work", "b", "c"))
        )

    commands = [each.command for each in broker.frames]
    assert commands == ["BEGIN", "SEND", "SEND", "SEND", "COMMIT"]
    transactions = {each.headers["transaction"] for each in broker.frames}
    assert len(transactions) == 1
    assert all(each.headers["persistent"] == "true" for each in broker.sent("SEND"))
    assert all("content-length" in each.headers for each in broker.sent("SEND"))


async def test_headers_of_the_caller_are_left_alone(broker: Pretence) -> None:
    headers = {"recado-id": "a"}
    async with opened(broker) as transport:
        await transport.publish([Outgoing("work", Message(b"", headers))])

    assert headers == {"recado-id": "a"}


async def test_a_settlement_sends_and_acknowledges_in_one_transaction(
    broker: Pretence,
) -> None:
    async with opened(broker) as transport:
        inbox = await holding(broker, transport, 1)
        delivery = await inbox.next()
        broker.frames.clear()
        await delivery.done(to("work", "child"))

    commands = [each.command for each in broker.frames]
    assert commands == ["BEGIN", "SEND", "ACK", "COMMIT"]
    assert broker.sent("ACK")[0].headers["message-id"] == "ID:0"


async def test_a_delayed_copy_is_confirmed_before_its_original_ends(
    broker: Pretence,
) -> None:
    """The broker schedules after the commit: if it died then, the message were lost."""
    async with opened(broker) as transport:
        inbox = await holding(broker, transport, 1)
        delivery = await inbox.next()
        broker.answer = lambda got: [] if got.command == "SEND" else None
        ending = asyncio.ensure_future(delivery.retry(after_s=5.0))
        got = await broker.got("SEND")
        assert not broker.sent("ACK")
        assert "transaction" not in got.headers

        broker.send(receipt(got))
        await ending

    assert 4_000 < int(got.headers["AMQ_SCHEDULED_DELAY"]) <= 5_000
    assert len(broker.sent("ACK")) == 1


async def test_an_error_with_a_receipt_is_whose_receipt_it_is(broker: Pretence) -> None:
    def answer(got: Frame) -> Sequence[bytes] | None:
        if got.headers.get("recado-id") != "bad":
            return None
        about = {"receipt-id": got.headers["receipt"], "message": "not this one"}
        return [frame("ERROR", about)]

    async with opened(broker) as transport:
        broker.answer = answer
        bad = asyncio.ensure_future(transport.publish(to("work", "bad")))
        await broker.got("SEND")
        good = asyncio.ensure_future(transport.publish(to("work", "good")))

        with pytest.raises(RefusedError, match="not this one"):
            await bad
        await good


async def test_an_error_without_a_receipt_fails_only_who_caused_it(
    broker: Pretence,
) -> None:
    def answer(got: Frame) -> Sequence[bytes] | None:
        if got.headers.get("recado-id") != "bad":
            return None
        return [frame("ERROR", {"message": "not this one"}), *usual(got)]

    async with opened(broker) as transport:
        broker.answer = answer
        results = await asyncio.gather(
            transport.publish(to("work", "a")),
            transport.publish(to("work", "bad")),
            transport.publish(to("work", "b")),
            return_exceptions=True,
        )

    assert [type(each) for each in results if each] == [RefusedError]
    assert isinstance(results[1], RefusedError)


async def test_what_costs_the_connection_each_time_is_refused(
    broker: Pretence,
) -> None:
    def answer(got: Frame) -> Sequence[bytes] | None:
        if got.headers.get("recado-id") != "bad":
            return None
        broker.send(frame("ERROR", {"message": "cannot read this"}))
        broker.connections[-1].close()
        return []

    async with opened(broker) as transport:
        broker.answer = answer
        async with asyncio.timeout(5):
            results = await asyncio.gather(
                transport.publish(to("work", "a")),
                transport.publish(to("work", "bad")),
                transport.publish(to("work", "b")),
                return_exceptions=True,
            )

    assert [each for each in results if each] == [results[1]]
    assert isinstance(results[1], RefusedError)
    assert "cannot read this" in str(results[1])


async def test_an_error_about_nothing_that_was_asked_ends_the_connection(
    broker: Pretence,
) -> None:
    async with opened(broker) as transport:
        broker.send(frame("ERROR", {"message": "shutting down"}))
        await broker.got("CONNECT")

        await transport.publish(to("work", "a"))


async def test_settlements_that_the_broker_refuses_are_stale(broker: Pretence) -> None:
    def answer(got: Frame) -> Sequence[bytes] | None:
        if got.command != "COMMIT":
            return None
        about = {"receipt-id": got.headers["receipt"], "message": "rolled back"}
        return [frame("ERROR", about)]

    async with opened(broker) as transport:
        inbox = await holding(broker, transport, 1)
        delivery = await inbox.next()
        broker.answer = answer

        with pytest.raises(UnsettledError) as caught:
            await delivery.done()

    assert caught.value.stale == (delivery,)


async def test_a_refused_login_is_told_and_shows_no_password(broker: Pretence) -> None:
    broker.answer = lambda _: [frame("ERROR", {"message": "password is invalid."})]

    with pytest.raises(ConfigError, match="password is invalid") as caught:
        await ActiveMQTransport(broker.url).open()

    assert "secret" not in str(caught.value)


async def test_a_broker_that_says_nothing_is_given_up(
    broker: Pretence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "CONNECT_S", 0.1)
    broker.answer = lambda _: []

    with pytest.raises(DisconnectedError, match=r"within 0\.1 s"):
        await ActiveMQTransport(broker.url).open()


async def test_a_broker_that_shows_nothing_is_not_waited_for_for_ever(
    broker: Pretence, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(broker) as transport:
        monkeypatch.setattr(looking, "PATIENCE_S", 0.1)
        broker.answer = lambda got: [] if got.command == "SUBSCRIBE" else None

        with pytest.raises(RefusedError, match=r"within 0\.1 s"):
            await transport.depth("work")
        await transport.publish(to("work", "a"))


async def test_a_broker_of_another_version_is_told(broker: Pretence) -> None:
    broker.answer = lambda _: [frame("CONNECTED", {"version": "1.2"})]

    with pytest.raises(DisconnectedError, match=r"1\.2"):
        await ActiveMQTransport(broker.url).open()


async def test_what_is_no_stomp_is_told(broker: Pretence) -> None:
    broker.answer = lambda _: [b"AMQP\ncontent-length:no number\n\n"]

    with pytest.raises(DisconnectedError, match="no STOMP"):
        await ActiveMQTransport(broker.url).open()


async def test_a_connection_says_who_it_is_and_where_it_wants_to(
    broker: Pretence,
) -> None:
    transport = ActiveMQTransport(f"{broker.url}/space")
    await transport.open()
    broker.connections[-1].transport.abort()
    await broker.got("CONNECT", 2)
    await transport.abandon()

    first, second = (each.headers for each in broker.sent("CONNECT"))
    assert first["host"] == "space"
    assert (first["login"], first["passcode"]) == ("user", "secret")
    assert first["heart-beat"] == "5000,5000"
    names = [each["client-id"].rsplit("-", 1) for each in (first, second)]
    assert names[0][0] == names[1][0]
    assert names[0][1] != names[1][1]


async def test_a_lost_connection_is_replaced_once(broker: Pretence) -> None:
    async with opened(broker) as transport:
        await transport.declare(["other"])
        broker.connections[-1].write_eof()
        await broker.got("CONNECT")
        await transport.publish(to("work", "a"))

    assert len(broker.sent("CONNECT")) == 1


async def test_a_publish_without_an_answer_is_repeated_as_it_was(
    broker: Pretence,
) -> None:
    async with opened(broker) as transport:
        broker.answer = lambda got: [] if got.command == "COMMIT" else None
        publishing = asyncio.ensure_future(transport.publish(to("work", "a", "b")))
        await broker.got("COMMIT")
        broker.answer = lambda _: None
        broker.connections[-1].transport.abort()
        await publishing

    names = [each.headers["recado-id"] for each in broker.sent("SEND")]
    assert names == ["a", "b", "a", "b"]


async def test_heart_beats_come_twice_as_often_as_promised(broker: Pretence) -> None:
    async with opened(broker, "?heartbeat=0.2"):
        broker.bytes.clear()

        async def heard() -> bool:
            return b"".join(broker.bytes).count(b"\n") >= 4

        async with asyncio.timeout(0.4 + 0.4):
            await eventually(heard, "four heart-beats")


async def test_a_broker_that_does_not_read_is_not_flooded(
    broker: Pretence, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    write = Reader.write

    def noted(reader: Reader, data: bytes) -> None:
        written.append(len(data))
        write(reader, data)

    async with opened(broker) as transport:
        monkeypatch.setattr(Reader, "write", noted)
        broker.is_reading.clear()
        await transport.publish(to("work", "a"))
        body = bytes(24 * 1024 * 1024)
        messages = [Outgoing("work", Message(body, {"recado-id": n})) for n in "bcd"]
        publishing = [asyncio.ensure_future(transport.publish([m])) for m in messages]
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(written) == 2

        broker.is_reading.set()
        await asyncio.gather(*publishing)

    assert len(broker.sent("SEND")) == 4


async def test_a_goodbye_is_said_and_heard(broker: Pretence) -> None:
    async with opened(broker) as transport:
        await transport.publish(to("work", "a"))
        await transport.close()

        assert broker.frames[-1].command == "DISCONNECT"
        assert "receipt" in broker.frames[-1].headers


async def test_nothing_is_ever_refused_with_nack(broker: Pretence) -> None:
    async with opened(broker) as transport:
        inbox = await holding(broker, transport, 4)
        first, second, third, _ = await inbox.take(4)
        await first.retry()
        await second.dead_letter({})
        await third.release()
        await transport.close()

    assert len(broker.sent("ACK")) == 4
    assert broker.sent("NACK") == []


async def test_a_callback_that_fails_leaves_the_others_alone(broker: Pretence) -> None:
    heard = Inbox()

    def deliver(deliveries: Sequence[Delivery]) -> None:
        heard(deliveries)
        raise RuntimeError("a fault of the caller's")

    async with opened(broker) as transport:
        await transport.consume("work", deliver)
        subscription = broker.sent("SUBSCRIBE")[-2].headers["id"]
        broker.send(delivered(1, subscription))
        await heard.next()
        broker.send(delivered(2, subscription))

        assert (await heard.next()).message.id == "m2"


async def test_a_redelivered_message_is_counted_before_anybody_works_on_it(
    broker: Pretence,
) -> None:
    async with opened(broker) as transport:
        inbox = await consuming(transport, "work")
        suspects = broker.sent("SUBSCRIBE")[-1].headers["id"]
        broker.send(delivered(1, suspects, redelivered="true"))
        await broker.got("COMMIT")

        (copy,) = broker.sent("SEND")
        assert inbox.waiting == 0
        assert copy.headers["recado-attempt"] == "2"
        assert copy.headers["recado-suspect"] == "1"
        assert copy.headers["destination"] == "/queue/recado.suspects.work"
        assert copy.headers["recado-id"] == "m1"
        assert [each.command for each in broker.frames][-4:] == [
            "BEGIN",
            "SEND",
            "ACK",
            "COMMIT",
        ]


async def test_the_broker_is_made_to_forget_acknowledgements(broker: Pretence) -> None:
    """It would look through all of them at each commit, and never drop one."""
    async with opened(broker) as transport:
        inbox = await holding(broker, transport, FORGET_AFTER)
        for delivery in await inbox.take(FORGET_AFTER):
            await delivery.done()
        await transport.publish(to("work", "a"))

    assert len(broker.sent("ABORT")) == 1


async def test_a_broker_that_ignores_delays_is_found_out(
    broker: Pretence, capsys: pytest.CaptureFixture[str]
) -> None:
    async with opened(broker) as transport:
        inbox = await consuming(transport, "work")
        subscription = broker.sent("SUBSCRIBE")[-2].headers["id"]
        broker.send(delivered(1, subscription, AMQ_SCHEDULED_DELAY="5000"))
        await inbox.next()

    assert "transport.ignores_delays" in capsys.readouterr().out
