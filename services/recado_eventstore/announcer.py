"""Telling the other instances of the event store how far the log reaches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from recado.errors import TransportError
from recado.message import Message, Outgoing, typed_message
from recado.schemas.events import APPENDED_TOPIC, HeadReply

APPENDED: Final = "events.appended/1"
_EXPIRES_S: Final = 30.0


def announcement(position: int) -> Outgoing:
    """Return the message that tells of a position to whoever listens."""
    message: Message = typed_message(APPENDED, HeadReply(position=position))
    return Outgoing(
        APPENDED_TOPIC, message, expires_s=_EXPIRES_S, is_topic=True, mandatory=False
    )


class Announcer:
    """Publishes the last position, one message at a time.

    What is appended while one is on its way is told of by the next. One that is lost does
    no harm: the next one, or the end of a wait, makes up for it.
    """

    def __init__(
        self,
        publish: Callable[[list[Outgoing]], Awaitable[None]],
        on_error: Callable[[TransportError], None],
    ) -> None:
        self._publish = publish
        self._on_error = on_error
        self._position = 0
        self._told = 0
        self._telling: asyncio.Task[None] | None = None

    def tell(self, position: int) -> None:
        """Have a position told; returns at once."""
        self._position = max(self._position, position)
        if self._position > self._told and (
            self._telling is None or self._telling.done()
        ):
            self._telling = asyncio.create_task(self._tell_all())

    async def close(self) -> None:
        """Give up what is still on its way."""
        if self._telling and not self._telling.done():
            self._telling.cancel()
            await asyncio.wait([self._telling])

    async def _tell_all(self) -> None:
        while self._told < self._position:
            self._told = self._position
            try:
                await self._publish([announcement(self._told)])
            except TransportError as error:
                self._on_error(error)
