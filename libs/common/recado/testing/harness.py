"""The harness: a service at work on a broker in memory, with a clock that is moved."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any, Final

from recado.config import Settings
from recado.envelope import Envelope
from recado.errors import SchemaError
from recado.events import EVENTS_QUEUE, Event
from recado.ids import derived_id
from recado.letter import Letter, letter_id
from recado.message import (
    ID,
    NORMAL,
    RECIPE,
    RUN,
    Message,
    Outgoing,
    decode,
    encode,
    typed_message,
)
from recado.notices import payload_of
from recado.requests import answer_in
from recado.revival import retries_of
from recado.runtime import Runtime
from recado.runtime.runtime import LAST_S
from recado.service import Service
from recado.testing.clock import VirtualClock
from recado.transport.base import DEAD_LETTERS, Depth
from recado.transport.embedded import EmbeddedTransport

RUN_ID: Final = "test-run"
_OUTPUT: Final = "sent"
_PATIENCE_S: Final = 0.2
_AT_MOST_S: Final = 10.0
_PAGE: Final = 1_000
_TURNS: Final = 8


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was given up, and the letter that says why."""

    letter: Letter | None
    message: Message

    @property
    def reason(self) -> str:
        """Why it was given up; empty if it came without a letter."""
        return self.letter.reason if self.letter else ""

    @property
    def text(self) -> str:
        """The reason in words."""
        return self.letter.text if self.letter else ""


class Harness:
    """Runs a service on a broker in memory::

        async with Harness(Resize()) as h:
            await h.send({"width": 1600})
            await h.settle()

            assert h.sent == [{"width": 800}]

    Time stands still until :meth:`advance` moves it; retries and delays wait for that.
    """

    def __init__(
        self,
        service: Service,
        *,
        settings: Settings | None = None,
        chance: Callable[[], float] | None = None,
        queues: Sequence[str] = (),
    ) -> None:
        self.service = service
        self.clock = VirtualClock()
        self.transport = EmbeddedTransport("sqlite:///:memory:", clock=self.clock)
        self.runtime = Runtime(
            service,
            self.transport,
            settings or Settings(),
            clock=self.clock,
            chance=chance or random.Random(0).random,
        )
        self._queues = [_OUTPUT, *queues]
        self._ids = count(1)
        self._seen: dict[str, list[Message]] = {}

    async def __aenter__(self) -> Harness:
        """Start the service; what it cannot start with is raised here."""
        await self.transport.open()
        await self.transport.declare(self._queues)
        await self.runtime.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the service at once, whatever it is doing."""
        self.runtime.stop()
        self.runtime.stop()
        draining = asyncio.create_task(self.runtime.drain())
        async with asyncio.timeout(_AT_MOST_S):
            while not draining.done():
                await asyncio.wait([draining], timeout=_PATIENCE_S)
                self.clock.move_to(self.clock.now + LAST_S)

    # Giving it something to do

    async def send(
        self,
        payload: object,
        *,
        parameters: Mapping[str, Any] | None = None,
        step: Mapping[str, Any] | None = None,
        outputs: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        priority: int = NORMAL,
    ) -> Message:
        """Send a recipe message to the service's queue; return it.

        The recipe has the one step, and an output to the harness: unnamed, or the
        ``outputs`` that are named. ``step`` is what else it says of the step, such as
        ``{"retry": {"attempts": 2}}``.
        """
        queue = type(self.service).queue
        targets = {name: number for number, name in enumerate(outputs, 2)} or 2
        names = [f"{_OUTPUT}.{name}" for name in outputs] or [_OUTPUT]
        await self.transport.declare(names)
        recipe: dict[str, Any] = {
            "1": {
                "queue": queue,
                "parameters": parameters or {},
                "output": targets,
                **(step or {}),
            },
            **{str(number): {"queue": name} for number, name in enumerate(names, 2)},
            "start": [[1, {}]],
        }
        envelope = Envelope(recipe, 1, [], {"ID": RUN_ID})
        body = envelope.child(1, [], None, self.service.codec)(payload)
        head = {RECIPE: "true", ID: self._next_id(), RUN: RUN_ID} | dict(headers or {})
        return await self._publish(queue, Message(body, head), priority)

    async def publish(
        self,
        queue: str,
        value: object,
        *,
        type_: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Message:
        """Send a message that is not a recipe's to a queue; bytes go as they are."""
        body = value if isinstance(value, bytes) else encode(value)
        message = typed_message(type_, None, id_=self._next_id(), **(headers or {}))
        return await self._publish(queue, Message(body, message.headers), NORMAL)

    async def broadcast(self, topic: str, value: object) -> None:
        """Send a message to a topic, and wait until the service has heard it."""
        message = Message(encode(value), {ID: self._next_id()})
        heard = any(p.is_topic and p.source == topic for p in self.runtime.plans)
        self.runtime.moved.clear()
        await self.transport.publish(
            [Outgoing(topic, message, is_topic=True, mandatory=False)]
        )
        if heard:
            await self._or_say_why(self.runtime.moved.wait())
        await self.settle()

    async def ask(self, type_: str, value: object, *, timeout_s: float = 5.0) -> Any:
        """Send a request to the service and return what it replies.

        Raises:
            RecadoError: if the reply is a refusal, as :func:`recado.requests.ask`.
        """
        bindings = type(self.service).bindings()
        queue = next((b.source for b in bindings if b.request == type_), "")
        if not queue:
            queue = next(b.source for b in bindings if b.role == "requests")
        request = typed_message(type_, value, id_=self._next_id())
        reply = await self.transport.request(queue, request, timeout_s=timeout_s)
        return answer_in(reply)

    # Letting it work

    async def settle(self) -> None:
        """Wait until nothing is left that can be done now."""
        await self._or_say_why(self._at_rest())
        await self._look()

    async def advance(self, seconds: float) -> None:
        """Let time pass, and everything happen that is due by then, in its turn.

        A handler that still waits for something then is let wait.
        """
        end = self.clock.now + seconds
        await self._rest()
        while (due := await self._next_due()) is not None and due <= end:
            self.clock.move_to(due)
            self.transport.poke()
            await self._rest()
        self.clock.move_to(end)
        self.transport.poke()
        await self._rest()
        await self._look()

    # Seeing what it did

    @property
    def sent(self) -> list[Any]:
        """The payloads that the service sent to its unnamed output."""
        return self._payloads(_OUTPUT)

    def sent_to(self, output: str) -> list[Any]:
        """Return the payloads that the service sent to a named output."""
        return self._payloads(f"{_OUTPUT}.{output}")

    def messages(self, queue: str) -> list[Message]:
        """Return the messages in a queue, as of when the service last came to rest."""
        return self._seen.get(queue, [])

    @property
    def dead(self) -> list[DeadLetter]:
        """The messages that were given up."""
        return [
            DeadLetter(Letter.read(each.headers), each)
            for each in self.messages(DEAD_LETTERS)
        ]

    @property
    def errors(self) -> list[Any]:
        """What a recipe's error output would get of each message that was given up."""
        return [told for dead in self.dead for told in self._told(dead)]

    @property
    def events(self) -> list[Event]:
        """The events that were told, in order."""
        return [
            Event(**fields)
            for message in self.messages(EVENTS_QUEUE)
            for fields in decode(message.body)["events"]
        ]

    # Inside

    def _payloads(self, queue: str) -> list[Any]:
        codec = self.service.codec
        return [Envelope.read(each, codec).payload for each in self.messages(queue)]

    def _told(self, dead: DeadLetter) -> Iterator[Any]:
        message, letter = dead.message, dead.letter
        # Of what cannot be read nobody is told.
        with suppress(SchemaError):
            if message.is_recipe and letter:
                id_ = letter_id(message.id, retries_of(message.headers))
                envelope = Envelope.read(message, self.service.codec)
                yield payload_of(id_, letter, envelope.payload)

    def _next_id(self) -> str:
        return derived_id(
            "00000000-0000-0000-0000-000000000000", f"test/{next(self._ids)}"
        )

    async def _publish(self, queue: str, message: Message, priority: int) -> Message:
        await self.transport.publish([Outgoing(queue, message, priority=priority)])
        return message

    async def _next_due(self) -> float | None:
        dues = [self.clock.next_due(), await self.transport.next_due()]
        return min((due for due in dues if due is not None), default=None)

    async def _rest(self) -> None:
        """Come to rest; a handler that waits for time to pass is let wait."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await _turns()
                await self._at_rest()
                await _turns()
        except TimeoutError:
            return

    async def _at_rest(self) -> None:
        while True:
            await self.runtime.settled()
            # Cleared before looking, so that nothing which happens meanwhile is missed.
            self.runtime.moved.clear()
            if self.runtime.is_at_rest and not await self._left():
                return
            await self.runtime.moved.wait()

    async def _left(self) -> dict[str, Depth]:
        """Return the queues from which the service can still take something, now."""
        depths = await self.transport.depths()
        held_counts = not self.runtime.is_waiting
        return {
            plan.source: depth
            for plan in self.runtime.plans
            if not plan.is_topic
            and (depth := depths[plan.source])
            and (
                (depth.held and held_counts)
                or (depth.ready and depth.held < plan.prefetch)
            )
        }

    async def _or_say_why(self, rest: Any) -> None:
        try:
            async with asyncio.timeout(_AT_MOST_S):
                await rest
        except TimeoutError:
            left = {name: depth.total for name, depth in (await self._left()).items()}
            raise TimeoutError(
                f"the service is not at rest after {_AT_MOST_S:g} s; in its queues: {left}"
            ) from None

    async def _look(self) -> None:
        taken = {plan.source for plan in self.runtime.plans}
        for queue in await self.transport.depths():
            if queue not in taken:
                self._seen[queue] = await self._browsed(queue)

    async def _browsed(self, queue: str) -> list[Message]:
        found: list[Message] = []
        after = 0
        while page := await self.transport.browse(queue, limit=_PAGE, after=after):
            found += [each.message for each in page]
            after = page[-1].cursor
        return found


async def _turns() -> None:
    """Let the tasks that a change of the clock has woken go on to where they wait next."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)
