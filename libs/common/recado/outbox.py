"""What a handler sends: kept until its message is settled, then sent all at once.

Sending only writes down. That makes the effects of a handler that fails half way vanish,
and lets blocking handlers in threads send as well: ``await`` is allowed, not needed.
"""

from __future__ import annotations

import time
from collections.abc import (
    Awaitable,
    Callable,
    Generator,
    Mapping,
)
from threading import Lock
from typing import Any

from recado.envelope import Envelope
from recado.errors import Problem, RecadoError, SchemaError
from recado.events import Event, named
from recado.ids import checksum, deriver
from recado.message import (
    ADOPTED,
    ID,
    NORMAL,
    PARENT,
    RECIPE,
    RUN,
    TYPE,
    Message,
    Outgoing,
    encode,
)
from recado.recipe import Recipe
from recado.route import Route


class HandledError(RecadoError):
    """Raised when something is sent after the handling that it belongs to has ended."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(
            f"the handling of message {cause} has ended: "
            "what it sends must be sent before the handler returns"
        )


class _Written(Awaitable[None]):
    """Something that can be awaited, and need not be."""

    def __await__(self) -> Generator[Any, None, None]:
        return
        yield


WRITTEN = _Written()


class Outbox:
    """Messages and events that leave when the message that caused them is settled.

    Their ids derive from the cause, a name and an index: the same handler run twice on
    the same message sends the same ids. Several threads of one handler may send at once;
    which of them has which index is then left to chance.
    """

    def __init__(self, cause: str, clock: Callable[[], float] = time.time) -> None:
        self.cause = cause
        self.outgoing: list[Outgoing] = []
        self.events: list[Event] = []
        self.checksum = 0
        """XOR of the checksums of every run message sent; see :mod:`recado.ids`."""
        self.children = 0
        """How many messages of the run were sent."""
        self._derived = deriver(cause)
        self._clock = clock
        self._lock = Lock()
        self._is_closed = False

    def close(self) -> None:
        """Take no more: the handling has ended, and what it sent is on its way."""
        with self._lock:
            self._is_closed = True

    def _check_open(self) -> None:
        if self._is_closed:
            raise HandledError(self.cause)

    def publish(
        self,
        queue: str,
        value: object,
        *,
        type_: str = "",
        headers: Mapping[str, str] | None = None,
        delay_s: float = 0.0,
        priority: int = NORMAL,
    ) -> Awaitable[None]:
        """Send a message that belongs to no run to a queue."""
        body = encode(value)
        head = {**(headers or {}), PARENT: self.cause}
        if type_:
            head[TYPE] = type_
        with self._lock:
            self._check_open()
            head[ID] = self._derived(f"{queue}/{len(self.outgoing)}")
            self.outgoing.append(
                Outgoing(queue, Message(body, head), delay_s, priority)
            )
        return WRITTEN

    def emit(
        self, stream: str, type_: str, data: Mapping[str, Any], *, key: str = ""
    ) -> Awaitable[None]:
        """Tell an event; ``key`` tells several events of one type and stream apart.

        Raises:
            SchemaError: for an event that the event store would refuse.
        """
        named(stream, type_)
        value: Any = data
        if not isinstance(value, Mapping):
            text = f"must be an object, not {value!r:.80}"
            raise SchemaError("event", [Problem("data", text)])
        with self._lock:
            self._check_open()
            # A key that looks like a number is not one of the numbers.
            which = f"{key}/" if key else str(len(self.events))
            id_ = self._derived(f"{type_}/{stream}/{which}")
            self.events.append(Event(id_, stream, type_, data, self._clock()))
        return WRITTEN

    def send_step(
        self,
        envelope: Envelope,
        pointer: int,
        path: list[int],
        payload: object,
        *,
        recipe: bytes | None = None,
        channel: str = "",
        delay_s: float | None = None,
        priority: int | None = None,
    ) -> Awaitable[None]:
        """Send a message to a step of a recipe; to both its queue and its topic.

        ``recipe`` is the recipe encoded already, for whoever sends many. The step's own
        delay and priority hold unless others are given.

        Raises:
            RecipeError: if the recipe has no such step, or it says nowhere to send to.
        """
        step = Recipe.trusted(envelope.recipe).step(pointer)
        route = Route.to(step, envelope.child(pointer, path, recipe))
        self._add(route, envelope.run, payload, channel, delay_s, priority)
        return WRITTEN

    def _add(
        self,
        route: Route,
        run: str,
        payload: object,
        channel: str,
        delay_s: float | None,
        priority: int | None,
    ) -> None:
        wait_s = route.delay_s if delay_s is None else delay_s
        priority = route.priority if priority is None else priority
        body = route.body(payload)
        headers = {RECIPE: "true", ID: "", PARENT: self.cause, RUN: run}
        if not route.is_counted:
            headers[ADOPTED] = "true"
        message = Message(body, headers)
        with self._lock:
            self._check_open()
            id_ = self._derived(f"{channel}/{len(self.outgoing)}")
            headers[ID] = id_
            if route.queue:
                if route.is_counted:
                    self.children += 1
                    self.checksum ^= checksum(id_)
                outgoing = Outgoing(route.queue, message, wait_s, priority)
                if route.exchange:
                    outgoing.exchange = route.exchange
                self.outgoing.append(outgoing)
            if route.topic:
                self.outgoing.append(
                    Outgoing(route.topic, message, wait_s, priority, is_topic=True)
                )
