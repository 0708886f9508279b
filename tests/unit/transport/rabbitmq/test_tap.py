"""The tap gives each channel its frames, and aiormq all the others, however they come."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pamqp.frame
import pytest
from pamqp import commands
from pamqp.base import Frame
from pamqp.body import ContentBody
from pamqp.header import ContentHeader
from pamqp.heartbeat import Heartbeat

from recado.transport.rabbitmq import frames
from recado.transport.rabbitmq import tap as module
from recado.transport.rabbitmq.tap import Tap

OURS, THEIRS = 1, 2


@dataclass
class Channel:
    """Takes deliveries, and what belongs to them."""

    taken: list[tuple[int, bytes]] = field(default_factory=list[tuple[int, bytes]])
    reasons: list[str] = field(default_factory=list[str])

    def frame(self, kind: int, data: bytes, at: int, end: int) -> bool:
        deliver = frames.NUMBER.pack(frames.DELIVER)
        if kind == frames.METHOD and data[at : at + 4] != deliver:
            return False
        self.taken.append((kind, data[at:end]))
        return True

    def closed(self, reason: str) -> None:
        self.reasons.append(reason)


class Wire(asyncio.Transport):
    """A connection that only notes what is done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.is_aborted

    def abort(self) -> None:
        self.is_aborted = True


class Connection:
    """A tap with a channel of ours; ``left`` is what aiormq reads."""

    def __init__(self) -> None:
        self.reader = asyncio.StreamReader()
        self.losses = 0
        self.tap = Tap(self.reader, self._lost)
        self.channel, self.wire = Channel(), Wire()
        self.tap.sinks[OURS] = self.channel
        self.tap.connection_made(self.wire)

    def _lost(self) -> None:
        self.losses += 1

    async def left(self) -> bytes:
        self.reader.feed_eof()
        return await self.reader.read()


@pytest.fixture
async def connection(monkeypatch: pytest.MonkeyPatch) -> Connection:
    monkeypatch.setattr(module, "_LIFE_S", float("inf"))
    return Connection()


def marshalled(
    frame: Frame | ContentHeader | ContentBody | Heartbeat, channel: int
) -> bytes:
    return bytes(pamqp.frame.marshal(frame, channel))


BODY = b"body \xce with an end in it"
TAKEN = [
    marshalled(commands.Basic.Deliver("turn-1", 5, False, "", "work"), OURS),
    marshalled(ContentHeader(body_size=len(BODY)), OURS),
    marshalled(ContentBody(BODY), OURS),
]
LEFT = [
    marshalled(Heartbeat(), 0),
    marshalled(commands.Queue.DeclareOk("work", 1, 0), OURS),
    marshalled(commands.Basic.Deliver("other", 1, False, "", "work"), THEIRS),
    marshalled(ContentBody(b""), THEIRS),
]
STREAM = b"".join(
    [LEFT[0], TAKEN[0], LEFT[1], TAKEN[1], TAKEN[2], LEFT[2], LEFT[3]],
)


@pytest.mark.parametrize("cut", range(len(STREAM)))
async def test_it_does_not_matter_where_the_stream_is_cut(
    connection: Connection, cut: int
) -> None:
    connection.tap.data_received(STREAM[:cut])
    connection.tap.data_received(STREAM[cut:])

    assert [content for _, content in connection.channel.taken] == [
        frame[7:-1] for frame in TAKEN
    ]
    assert await connection.left() == b"".join(LEFT)


async def test_a_stream_may_come_byte_by_byte(connection: Connection) -> None:
    for at in range(len(STREAM)):
        connection.tap.data_received(STREAM[at : at + 1])

    assert [kind for kind, _ in connection.channel.taken] == [
        frames.METHOD,
        frames.HEADER,
        frames.BODY,
    ]
    assert await connection.left() == b"".join(LEFT)


async def test_a_channel_hears_why_it_was_closed_and_so_does_aiormq(
    connection: Connection,
) -> None:
    close = marshalled(commands.Channel.Close(404, "no queue 'x'", 60, 40), OURS)

    connection.tap.data_received(close + TAKEN[0])

    assert connection.channel.reasons == ["404 no queue 'x'"]
    assert connection.channel.taken == []
    assert await connection.left() == close + TAKEN[0]


async def test_what_the_broker_says_as_it_closes_the_connection_is_kept(
    connection: Connection,
) -> None:
    close = marshalled(commands.Connection.Close(530, "no vhost", 10, 40), 0)

    connection.tap.data_received(close)

    assert connection.tap.refusal == "530 no vhost"
    assert await connection.left() == close


async def test_it_is_told_when_the_broker_takes_nothing_and_when_it_does_again(
    connection: Connection,
) -> None:
    told: list[bool] = []
    tap = connection.tap
    tap.blocked_changed = lambda: told.append(tap.is_blocked)

    tap.data_received(marshalled(commands.Connection.Blocked("low on memory"), 0))
    tap.data_received(marshalled(commands.Connection.Unblocked(), 0))

    assert told == [True, False]


async def test_aiormq_hears_that_the_broker_lives_though_all_was_taken(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.tap.data_received(TAKEN[0])
    monkeypatch.setattr(module, "_LIFE_S", -1.0)

    connection.tap.data_received(TAKEN[1])
    connection.tap.data_received(LEFT[1])

    assert await connection.left() == marshalled(Heartbeat(), 0) + LEFT[1]


async def test_a_broker_that_wants_another_version_is_left_to_aiormq(
    connection: Connection,
) -> None:
    connection.tap.data_received(b"AMQP\0\0\x09\x01")

    assert await connection.left() == b"AMQP\0\0\x09\x01"


async def test_a_lost_connection_is_told_and_written_to_no_more(
    connection: Connection,
) -> None:
    connection.tap.write(b"before")

    connection.tap.connection_lost(None)
    connection.tap.write(b"after")

    assert connection.wire.written == b"before"
    assert (connection.channel.reasons, connection.losses) == ([""], 1)


async def test_a_connection_that_is_dropped_is_lost(connection: Connection) -> None:
    connection.tap.abort()
    connection.tap.write(b"after")

    assert (connection.wire.is_aborted, connection.wire.written) == (True, b"")
    assert (connection.channel.reasons, connection.losses) == ([""], 1)
