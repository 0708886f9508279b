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
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, cast

from recado.codec import JSON, Codec
from recado.envelope import Envelope
from recado.errors import Problem, RecadoError, RecipeError, SchemaError, nearest
from recado.events import Event, named, run_stream
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
from recado.recipe import Recipe, RecipeStep


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
_REMARKS: Final = 20
_OWN: Final = frozenset({"priority", "reports"})


@dataclass(slots=True)
class _Route:
    """Where a step's messages go, and how."""

    body: Callable[[object], bytes]
    """Makes a body from a payload."""
    queue: str | None
    topic: str | None
    exchange: str
    delay_s: float
    priority: int
    is_counted: bool
    """Whether the step's service reports what it handled."""

    @classmethod
    def to(cls, step: RecipeStep, body: Callable[[object], bytes]) -> _Route:
        """Return the route to a step of a recipe, which nobody need have checked.

        Raises:
            RecipeError: if the step says nowhere to send to.
        """
        queue, topic = step.queue, step.topic
        if not (queue or topic):
            text = "no queue and no topic: what is sent to this step is lost"
            raise RecipeError("recipe", [Problem(str(step.id), text)])
        priority, reports = NORMAL, True
        if not _OWN.isdisjoint(step.raw):
            # Another program's recipe may mean something else by these.
            with suppress(RecipeError):
                priority = NORMAL if step.priority is None else step.priority
            with suppress(RecipeError):
                reports = step.reports
        delay_s, exchange = step.delay_s or 0.0, step.exchange or ""
        return cls(body, queue, topic, exchange, delay_s, priority, reports)


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
        route = _Route.to(step, envelope.child(pointer, path, recipe))
        self._add(route, envelope.run, payload, channel, delay_s, priority)
        return WRITTEN

    def _add(
        self,
        route: _Route,
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


class Step(Outbox):
    """The step of a recipe that a message is for: its parameters, and its outputs."""

    def __init__(
        self,
        message: Message,
        envelope: Envelope,
        clock: Callable[[], float] = time.time,
        codec: Codec = JSON,
    ) -> None:
        super().__init__(message.id, clock)
        self.run = envelope.run
        """The run id."""
        self.id = envelope.pointer
        """The step's id in the recipe."""
        given = envelope.step.get("parameters")
        self.parameters: Any = {} if given is None else given
        """The step's parameters; an instance of the service's model if it names one."""
        self.remarks: list[str] = []
        """What looks wrong with how its recipe and its service go together."""
        self._envelope = envelope
        self._codec = codec
        self._default: str | None = None
        self._outputs: dict[str | None, tuple[int, ...]] | None = None
        self._recipe: bytes | None = None
        self._again: _Route | None = None
        self._ways: dict[str | None, list[_Route]] = {}

    @property
    def envelope(self) -> Envelope:
        """The envelope that the message came in; not to be changed."""
        return self._envelope

    def set_default_channel(self, channel: str) -> None:
        """Have a named output be the same as the unnamed one, whichever the recipe has.

        From then on :meth:`send`, and :meth:`send_to` with this name, do the same.
        """
        self._default = channel
        self._ways.clear()

    def send(
        self,
        payload: object,
        *,
        delay_s: float | None = None,
        priority: int | None = None,
    ) -> Awaitable[None]:
        """Send a message to each step that the unnamed output leads to.

        Without an output nothing is sent: the recipe does not want it. A step's own delay
        and priority hold unless others are given.
        """
        return self._send(None, payload, delay_s, priority)

    def send_to(
        self,
        channel: str,
        payload: object,
        *,
        delay_s: float | None = None,
        priority: int | None = None,
    ) -> Awaitable[None]:
        """Send a message to each step that a named output leads to.

        Without an output of that name nothing is sent. If the step has others, that may be
        a slip, and the log has a warning.
        """
        return self._send(channel, payload, delay_s, priority)

    def checkpoint(
        self, payload: object, *, delay_s: float = 0.0, priority: int | None = None
    ) -> Awaitable[None]:
        """Send a message to this same step, at once by default; the path does not grow."""
        if self._again is None:
            self._again = self._route(self.id, self._envelope.path)
        self._add(self._again, self.run, payload, "checkpoint", delay_s, priority)
        return WRITTEN

    def emit(
        self, stream: str, type_: str, data: Mapping[str, Any], *, key: str = ""
    ) -> Awaitable[None]:
        """Tell an event; an empty stream means the run's own."""
        return super().emit(stream or run_stream(self.run), type_, data, key=key)

    def _send(
        self,
        channel: str | None,
        payload: object,
        delay_s: float | None,
        priority: int | None,
    ) -> Awaitable[None]:
        if (routes := self._ways.get(channel)) is None:
            path = [*self._envelope.path, self.id]
            targets = self._targets(channel)
            routes = [self._route(target, path) for target in targets]
            self._ways[channel] = routes
        for route in routes:
            self._add(route, self.run, payload, channel or "", delay_s, priority)
        return WRITTEN

    def _targets(self, channel: str | None) -> Sequence[int]:
        output = self._envelope.step.get("output")
        # What a recipe that was read holds; other forms, which Zocalo takes, cost more.
        if channel is None and isinstance(output, list):
            links = cast("list[int]", output)
            if all(type(link) is int for link in links):
                return links
        if self._outputs is None:
            self._outputs = RecipeStep(self.id, self._envelope.step).outputs
        outputs = self._outputs
        is_default = channel is None or channel == self._default
        for name in (None, self._default) if is_default else (channel,):
            if name in outputs:
                return outputs[name]
        if outputs and len(self.remarks) < _REMARKS:
            self.remarks.append(_without(self.id, channel, outputs))
        return ()

    def _route(self, target: int, path: list[int]) -> _Route:
        if self._recipe is None and self._codec is JSON:
            self._recipe = encode(self._envelope.recipe)
        step = Recipe.trusted(self._envelope.recipe).step(target)
        body = self._envelope.child(target, path, self._recipe, self._codec)
        return _Route.to(step, body)


def _without(step: int, channel: str | None, outputs: Iterable[str | None]) -> str:
    named = [name for name in outputs if name is not None]
    missing = "unnamed output" if channel is None else f"output {channel!r}"
    hint = nearest(channel or "", named) if named else "; its output has no name"
    return f"step {step} has no {missing}{hint}: nothing is sent there"
