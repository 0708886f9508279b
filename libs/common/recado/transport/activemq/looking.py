"""Looking: what can be seen of queues over STOMP without taking anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from recado.errors import DisconnectedError, RefusedError, UnsupportedError
from recado.ids import new_id
from recado.message import NORMAL, Message
from recado.transport.activemq.frames import Frame, frame
from recado.transport.activemq.names import Names, are_dead
from recado.transport.activemq.reader import Reader
from recado.transport.activemq.wire import DELAY, JOB, PLAIN, number, own_headers
from recado.transport.base import Browsed, Depth
from recado.transport.copies import received

PAGE: Final = 10_000
"""Messages that the broker shows of a queue, by the configuration that recado ships."""
_MOST_BYTES: Final = 32 * 1024 * 1024
"""Beyond about half of a queue's share of the broker's memory it shows no more."""
PATIENCE_S: Final = 30.0
_NUMBERS = count(1)


@dataclass(slots=True, eq=False)
class _Look:
    """Messages that come over a subscription, until one that says it is the last."""

    subscription: str
    is_last: Callable[[Frame], bool]
    most: int
    most_bytes: int
    done: asyncio.Future[None]
    frames: list[Frame] = field(default_factory=list[Frame])
    size: int = 0
    is_cut: bool = False
    """Whether there was more than was wanted."""

    async def shown(self) -> None:
        """Wait until all is there.

        Raises:
            RefusedError: if that takes too long, as with a broker without memory left.
        """
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self.done
        except TimeoutError:
            raise RefusedError(
                f"the broker did not show what it holds within {PATIENCE_S:g} s"
            ) from None

    def take(self, frames: Sequence[Frame]) -> None:
        """Take messages."""
        for each in frames:
            if self.done.done():
                return
            if self.is_last(each):
                self.done.set_result(None)
            elif len(self.frames) >= self.most or self.size > self.most_bytes:
                self.is_cut = True
                self.done.set_result(None)
            else:
                self.frames.append(each)
                self.size += len(each.body)


@dataclass(frozen=True, slots=True)
class Found:
    """What the directory is made of."""

    markers: list[Frame]
    consumed: set[str]


class Looking:
    """Asks the broker, and gathers what it shows."""

    def __init__(self, names: Names, connected: Callable[[], Reader]) -> None:
        self._names = names
        self._connected = connected
        self._looks: dict[str, _Look] = {}

    def take(self, subscription: str, frames: Sequence[Frame]) -> bool:
        """Take messages, if they are of something that is looked at."""
        look = self._looks.get(subscription)
        if look is None:
            return False
        look.take(frames)
        return True

    def interrupt(self) -> None:
        """Tell all who look that the connection is lost."""
        for look in self._looks.values():
            if not look.done.done():
                look.done.set_exception(DisconnectedError("the connection was lost"))

    async def directory(self) -> Found:
        """Return what is written down, and who consumes."""
        reader = self._connected()
        consumers = self._look(reader, lambda _: False)
        # The broker tells of all consumers at once, so before the last marker is seen.
        reader.write(
            frame(
                "SUBSCRIBE",
                {
                    "id": consumers.subscription,
                    "destination": self._names.consumers,
                    "ack": "auto",
                    **PLAIN,
                },
            )
        )
        try:
            markers = await self._browse(reader, self._names.declared, PAGE)
        finally:
            self._end(reader, consumers)
        consumed = (
            self._names.consumed(each.headers.get("destination", ""))
            for each in consumers.frames
            if number(each.headers, "consumerCount", 0) > 0
        )
        return Found(markers.frames, {name for name in consumed if name})

    async def browse(self, queue: str, limit: int, after: int) -> list[Browsed]:
        """Return messages of a queue: those that are there, then those that are delayed.

        A cursor is a position, so what is taken meanwhile moves the rest up.
        """
        reader = self._connected()
        delayed = await self._delayed(reader)
        there, _ = await self._there(reader, queue, after + limit, 1 << 40)
        seen = [(each, False) for each in there]
        if len(seen) < after + limit:
            seen += [(each, True) for each in self._late(queue, delayed, there)]
        return [
            _browsed(each, position, is_delayed=is_delayed)
            for position, (each, is_delayed) in enumerate(seen, 1)
            if after < position <= after + limit
        ]

    async def depth(self, queue: str) -> Depth:
        """Return how many messages a queue holds.

        Raises:
            UnsupportedError: for more than the broker shows.
        """
        (depth,) = (await self.depths([queue])).values()
        if depth is None:
            raise UnsupportedError(
                f"queue {queue!r} holds more than can be counted over STOMP:"
                f" {PAGE} messages, or {_MOST_BYTES >> 20} MiB"
            )
        return depth

    async def depths(self, queues: Sequence[str]) -> dict[str, Depth | None]:
        """Return how many messages queues hold; none for more than can be counted."""
        reader = self._connected()
        delayed = await self._delayed(reader)
        looks = await asyncio.gather(
            *(self._there(reader, name, PAGE - 1, _MOST_BYTES) for name in queues)
        )
        found: dict[str, Depth | None] = {}
        for name, (there, is_cut) in zip(queues, looks, strict=True):
            late = self._late(name, delayed, there)
            found[name] = None if is_cut else Depth(len(there), len(late), 0)
        return found

    async def dead_letter_queues(self) -> list[str]:
        """Return the queues in which the broker has dead letters.

        Raises:
            UnsupportedError: if there are more letters than it shows.
        """
        reader = self._connected()
        looks = await asyncio.gather(
            *(
                self._browse(reader, destination, PAGE - 1, _MOST_BYTES)
                for destination in self._names.dead
            )
        )
        if any(look.is_cut for look in looks):
            raise UnsupportedError(
                "the broker has more dead letters than can be looked through over STOMP:"
                f" {PAGE} messages, or {_MOST_BYTES >> 20} MiB; name the queues"
            )
        destinations = {
            each.headers.get("destination", "").removeprefix("/queue/")
            for look in looks
            for each in look.frames
        }
        return sorted(filter(are_dead, destinations))

    async def _there(
        self, reader: Reader, queue: str, most: int, most_bytes: int
    ) -> tuple[list[Frame], bool]:
        """Return what a queue shows, its suspects last, and whether there is more."""
        looks = await asyncio.gather(
            *(
                self._browse(reader, destination, most, most_bytes)
                for destination in (
                    self._names.queue(queue),
                    self._names.suspects(queue),
                )
            )
        )
        frames = [each for look in looks for each in look.frames]
        return frames, any(look.is_cut for look in looks)

    def _late(
        self, queue: str, delayed: Sequence[Frame], there: Sequence[Frame]
    ) -> list[Frame]:
        """Return a queue's delayed messages, but for those that came due meanwhile."""
        destination = self._names.queue(queue)
        jobs = {each.headers.get(JOB) for each in there}
        return [
            each
            for each in delayed
            if each.headers.get("original-destination") == destination
            and each.headers.get(JOB) not in jobs
        ]

    # Asking

    def _look(
        self,
        reader: Reader,
        is_last: Callable[[Frame], bool],
        most: int = 1_000_000,
        most_bytes: int = 1 << 40,
    ) -> _Look:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        look = _Look(f"look{next(_NUMBERS)}", is_last, most, most_bytes, done)
        self._looks[look.subscription] = look
        return look

    def _end(self, reader: Reader, look: _Look) -> None:
        del self._looks[look.subscription]
        look.done.cancel()
        reader.write(frame("UNSUBSCRIBE", {"id": look.subscription}))

    async def _browse(
        self, reader: Reader, destination: str, most: int, most_bytes: int = 1 << 40
    ) -> _Look:
        look = self._look(
            reader, lambda each: each.headers.get("browser") == "end", most, most_bytes
        )
        headers = {
            "id": look.subscription,
            "destination": destination,
            "browser": "true",
            "ack": "auto",
        }
        reader.write(frame("SUBSCRIBE", headers))
        try:
            await look.shown()
        finally:
            self._end(reader, look)
        return look

    async def _delayed(self, reader: Reader) -> list[Frame]:
        """Return every delayed message that the broker has, of all queues."""
        end = new_id()
        destination = self._names.topic(f"recado.look.{end}")
        look = self._look(reader, lambda each: each.headers.get("recado-end") == end)
        headers = {"id": look.subscription, "destination": destination, "ack": "auto"}
        ask = {"AMQ_SCHEDULER_ACTION": "BROWSE", "reply-to": destination}
        reader.write(
            frame("SUBSCRIBE", headers)
            + frame("SEND", {"destination": self._names.scheduler, **ask})
            + frame("SEND", {"destination": destination, "recado-end": end})
        )
        try:
            await look.shown()
        finally:
            self._end(reader, look)
        return look.frames


def _browsed(each: Frame, position: int, *, is_delayed: bool) -> Browsed:
    own, attempt, _ = received(own_headers(each))
    sent_s = number(each.headers, "timestamp", 0) / 1000
    return Browsed(
        message=Message(each.body, own),
        cursor=position,
        attempt=attempt,
        state="delayed" if is_delayed else "ready",
        priority=number(each.headers, "priority", NORMAL),
        due_s=sent_s + number(each.headers, DELAY, 0) / 1000,
    )
