"""A step at work: what its recipe tells it, and the outputs that it can send to."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, cast

from recado.codec import JSON, Codec
from recado.envelope import Envelope
from recado.errors import nearest
from recado.events import run_stream
from recado.message import Message, encode
from recado.outbox import WRITTEN, Outbox
from recado.recipe import Recipe, RecipeStep
from recado.route import Route

_REMARKS: Final = 20
"""Things that look wrong with one message's recipe, at most."""


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
        self._again: Route | None = None
        self._ways: dict[str | None, list[Route]] = {}

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

    def _route(self, target: int, path: list[int]) -> Route:
        if self._recipe is None and self._codec is JSON:
            self._recipe = encode(self._envelope.recipe)
        step = Recipe.trusted(self._envelope.recipe).step(target)
        body = self._envelope.child(target, path, self._recipe, self._codec)
        return Route.to(step, body)


def _without(step: int, channel: str | None, outputs: Iterable[str | None]) -> str:
    named = [name for name in outputs if name is not None]
    missing = "unnamed output" if channel is None else f"output {channel!r}"
    hint = nearest(channel or "", named) if named else "; its output has no name"
    return f"step {step} has no {missing}{hint}: nothing is sent there"
