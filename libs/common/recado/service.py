"""Service: what a process does, as its author writes it down.

A service handles the messages of its queue, step by step of a recipe::

    class Resize(Service):
        queue = "resize"

        async def handle(self, message: Message, step: Step) -> None:
            await step.send({"width": message.payload["width"] // 2})

A handler written with ``def`` instead of ``async def`` blocks, and is run in a thread.
Beyond recipes a service may take plain messages, one by one or in batches, answer
requests and listen to topics; each is a method with a decorator.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, TypeVar

from recado.codec import JSON, Codec
from recado.message import Message
from recado.outbox import Outbox
from recado.retry import RetryPolicy
from recado.step import Step

if TYPE_CHECKING:
    from pydantic import BaseModel
    from structlog.typing import FilteringBoundLogger

    from recado.config import Settings
    from recado.transport.base import Transport

Role: TypeAlias = Literal["steps", "plain", "batch", "requests", "topic"]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Binding:
    """What one method of a service takes, from where, and how."""

    role: Role
    source: str
    """A queue's name; a topic's for the role ``topic``."""
    method: str
    request: str = ""
    """The request's ``recado-type``, for the role ``requests``."""
    model: type[BaseModel] | None = None
    size: int = 1
    """Messages in one batch, at most."""
    retry: RetryPolicy | None = None
    """Instead of the service's own policy."""
    concurrency: int | None = None
    """For the role ``requests``: instead of the service's own."""


@dataclass(slots=True)
class Context:
    """What a running service has around it; set before :meth:`Service.started`."""

    transport: Transport
    settings: Settings
    instance: str
    """This process's name: host and pid, reversed as Zocalo writes it."""
    log: FilteringBoundLogger
    clock: Callable[[], float]
    stopping: asyncio.Event
    """Set when the service starts to drain: for handlers that wait for something."""


class Service:
    """A kind of process; one instance of it runs in each process started for it."""

    name: ClassVar[str] = ""
    """What it is called; the class's name in lower case if empty."""
    queue: ClassVar[str] = ""
    """The queue whose recipe messages :meth:`handle` gets; empty for none."""
    payload: ClassVar[type[BaseModel] | None] = None
    """The payload's schema; what breaks it goes to the dead letters at once."""
    parameters: ClassVar[type[BaseModel] | None] = None
    """The schema of the recipe step's parameters; as with ``payload``."""
    codec: ClassVar[Codec] = JSON
    """How the bodies of the recipe messages are written that it gets and sends."""
    default_channel: ClassVar[str] = ""
    """The named output that is the same as the unnamed one; empty for none."""
    concurrency: ClassVar[int] = 10
    """Messages of one queue that are handled at the same time."""
    prefetch: ClassVar[int] = 0
    """Messages of one queue held at most; twice the concurrency if 0, 1 for 1."""
    retry: ClassVar[RetryPolicy] = RetryPolicy()
    """How often a message is tried, unless its step in the recipe says."""
    timeout_s: ClassVar[float | None] = None
    """Seconds that one handling may take, unless its step says; more is an error."""

    context: Context

    async def started(self) -> None:
        """Get ready, before the first message is taken.

        Cancelled if the service is to stop meanwhile.
        """

    async def stopped(self) -> None:
        """Clean up, after the last message was settled; only what did start is stopped."""

    def handle(self, message: Message, step: Step) -> Awaitable[None] | None:
        """Handle a recipe message; what it sends leaves when it returns.

        ``message.payload`` is the envelope's payload; ``step`` has the step's parameters
        and its outputs. May raise :class:`Reject` and :class:`RetryLater`; any other
        exception is tried again by the policy.
        """
        raise TypeError(
            f"service {self.service_name()!r} names a queue, so it needs a handle method"
        )

    def status(self) -> dict[str, Any]:
        """Return what the service wants to add to its heartbeats."""
        return {}

    @classmethod
    def service_name(cls) -> str:
        """Return the name under which the service is started and shown."""
        return cls.name or cls.__name__.lower()

    @classmethod
    def bindings(cls) -> list[Binding]:
        """Return everything that the service takes, from its attributes and decorators."""
        found = [
            getattr(cls, attribute)._recado_binding
            for attribute in dir(cls)
            if hasattr(getattr(cls, attribute, None), "_recado_binding")
        ]
        if cls.queue:
            found.insert(0, Binding("steps", cls.queue, "handle"))
        return found


def takes(queue: str, *, retry: RetryPolicy | None = None) -> Callable[[F], F]:
    """Mark a method that takes plain messages: ``(self, message, outbox)``.

    A recipe message comes as it is; its envelope is the message's body.
    """
    return _bound(queue, "plain", retry=retry)


def takes_batch(
    queue: str, *, size: int = 200, retry: RetryPolicy | None = None
) -> Callable[[F], F]:
    """Mark a method that takes many plain messages at once: ``(self, messages, outbox)``.

    They are settled together. If the method raises, each message is given to it alone, so
    that only those at fault fail.
    """
    return _bound(queue, "batch", size=size, retry=retry)


def answers(
    type_: str,
    model: type[BaseModel],
    *,
    queue: str,
    concurrency: int | None = None,
) -> Callable[[F], F]:
    """Mark a method that answers requests: ``(self, request, outbox) -> reply``.

    ``request`` is an instance of ``model``; what breaks the model is answered with an
    error that holds every problem. A :class:`recado.RecadoError` becomes the answer.

    ``concurrency`` is how many requests of the queue are answered at the same time, if
    not as many as the service says; of several methods the most holds.
    """
    return _bound(queue, "requests", type_=type_, model=model, concurrency=concurrency)


def hears(topic: str) -> Callable[[F], F]:
    """Mark a method that hears every message of a topic: ``(self, message, outbox)``."""
    return _bound(topic, "topic")


def _bound(
    source: str,
    role: Role,
    *,
    type_: str = "",
    model: type[BaseModel] | None = None,
    size: int = 1,
    retry: RetryPolicy | None = None,
    concurrency: int | None = None,
) -> Callable[[F], F]:
    def mark(method: F) -> F:
        binding = Binding(
            role, source, method.__name__, type_, model, size, retry, concurrency
        )
        method._recado_binding = binding  # type: ignore[attr-defined]
        return method

    return mark


__all__ = [
    "Binding",
    "Context",
    "Message",
    "Outbox",
    "Sequence",
    "Service",
    "Step",
    "answers",
    "hears",
    "takes",
    "takes_batch",
]
