"""Scratch channels: whatever is asked of the broker, on a channel of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar
from weakref import WeakValueDictionary

import structlog
from aiormq.abc import AbstractChannel
from aiormq.exceptions import AMQPChannelError

from recado.errors import RefusedError
from recado.transport.rabbitmq.link import Link
from recado.transport.rabbitmq.session import LostError, Session, UnansweredError

log = structlog.get_logger()

R = TypeVar("R")

_MOST: Final = 64
"""Questions that may be open at once."""
_PAUSE_S: Final = 0.5
"""How long to wait after a channel was lost before the next is opened."""


class Scratch:
    """Channels to ask on; a refusal, or no answer, costs only the one that it came on.

    So a question that is not answered keeps nobody waiting who asks about another name.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._session: Session | None = None
        self._idle: list[AbstractChannel] = []
        self._open = asyncio.Semaphore(_MOST)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """By name: who asks about the same does so one after the other."""

    async def ask(
        self, name: str, act: Callable[[AbstractChannel], Coroutine[Any, Any, R]]
    ) -> R:
        """Return what comes of it, asked again until there is an answer.

        Raises:
            RefusedError: if the broker does not allow it, or there can be no such name.
            DisconnectedError: if the transport is closed.
        """
        async with self._turns.setdefault(name, asyncio.Lock()):
            while True:
                session = await self._link.up()
                try:
                    return await self.ask_once(session, act)
                except UnansweredError as error:
                    log.warning("transport.unanswered", name=name, error=str(error))
                except LostError:
                    pass
                if not session.is_lost:  # it was the channel alone
                    await asyncio.sleep(_PAUSE_S)

    async def ask_once(
        self,
        session: Session,
        act: Callable[[AbstractChannel], Coroutine[Any, Any, R]],
    ) -> R:
        """Return what comes of it on one connection, asked once.

        Raises:
            LostError: if there is no answer.
            RefusedError: if the broker does not allow it.
        """

        async def asked() -> R:
            channel = await self._taken(session)
            answer = await act(channel)
            self._give_back(session, channel)
            return answer

        try:
            async with self._open:
                return await session.call(asked())
        except AMQPChannelError as error:
            raise RefusedError(f"the broker does not allow it: {error}") from error
        except (ValueError, TypeError) as error:  # pamqp sends nothing of the kind
            raise RefusedError(f"there can be no such name: {error}") from error

    async def _taken(self, session: Session) -> AbstractChannel:
        if self._session is not session:
            self._session, self._idle = session, []
        while self._idle:
            channel = self._idle.pop()
            if not channel.is_closed:
                return channel
        return await session.channel()

    def _give_back(self, session: Session, channel: AbstractChannel) -> None:
        if self._session is session and not channel.is_closed:
            self._idle.append(channel)
