"""Requests: sent with the name of a queue of this process's own, which gets the replies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from recado.errors import DisconnectedError, RequestTimeoutError
from recado.ids import new_id
from recado.message import CORRELATION, REPLY_TO, Message, Outgoing
from recado.transport.base import Delivery, Transport


class ReplyQueue(Protocol):
    """A queue of this process's own that gets replies."""

    @property
    def queue(self) -> str:
        """Its name, as a request tells it to whoever answers."""
        ...

    @property
    def is_closed(self) -> bool:
        """Whether it is gone, so that the next request needs a new one."""
        ...


class Replies:
    """The requests under way, and the queue that gets the replies to them."""

    def __init__(
        self,
        transport: Transport,
        consume: Callable[[], Coroutine[Any, Any, ReplyQueue]],
    ) -> None:
        self._transport = transport
        self._consume = consume
        self._opening: asyncio.Task[ReplyQueue] | None = None
        self._waiting: dict[str, asyncio.Future[Message]] = {}

    async def request(self, queue: str, message: Message, timeout_s: float) -> Message:
        """Send a request and return the reply to it."""
        # Not the message's id: the same request may be under way twice.
        correlation = new_id()
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[correlation] = future
        try:
            async with asyncio.timeout(timeout_s):
                added = {REPLY_TO: await self._address(), CORRELATION: correlation}
                asked = Message(message.body, {**message.headers, **added})
                await self._transport.publish(
                    [Outgoing(queue, asked, expires_s=timeout_s)]
                )
                return await future
        except TimeoutError:
            raise RequestTimeoutError(
                f"no reply from queue {queue!r} within {timeout_s:g} s"
            ) from None
        finally:
            self._waiting.pop(correlation, None)
            future.cancel()

    async def _address(self) -> str:
        opening = self._opening
        if opening is None or _is_over(opening):
            self._opening = opening = asyncio.create_task(self._consume())
            opening.add_done_callback(_look)
        try:
            return (await asyncio.shield(opening)).queue
        except asyncio.CancelledError:
            if not opening.cancelled():
                raise  # it is the request that was cancelled
            raise DisconnectedError("the connection was closed") from None

    def __call__(self, deliveries: Sequence[Delivery]) -> None:
        """Take replies, and hand each to who waits for it."""
        for delivery in deliveries:
            future = self._waiting.get(delivery.message.headers.get(CORRELATION, ""))
            if future is not None and not future.done():
                future.set_result(delivery.message)
            delivery.settled = True

    def close(self, name: str) -> None:
        """Tell everybody who waits that there will be no reply."""
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(
                    DisconnectedError(f"the connection to {name} was closed")
                )


def _is_over(opening: asyncio.Task[ReplyQueue]) -> bool:
    """Return whether there is no queue for replies: it failed, or went with the lease."""
    if not opening.done():
        return False
    failed = opening.cancelled() or opening.exception() is not None
    return failed or opening.result().is_closed


def _look(opening: asyncio.Task[ReplyQueue]) -> None:
    """Have looked at a failure, even if all who waited for it have gone."""
    if not opening.cancelled():
        opening.exception()
