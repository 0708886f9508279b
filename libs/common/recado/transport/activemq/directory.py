"""The directory: which queues there are, so that a name misspelt swallows no message.

ActiveMQ makes a queue of every name that it hears. So what was declared is written down in
a queue of the broker's own keeping, one message for each name, which everybody browses and
nobody takes. A queue that somebody consumes is one as well: a service of another kind
declares nothing, and the broker tells who consumes what.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from recado.errors import UnroutableError
from recado.message import Outgoing
from recado.transport.activemq.lane import Call, Lane
from recado.transport.activemq.looking import Looking
from recado.transport.activemq.names import REPLIES, Names, are_dead
from recado.transport.activemq.sending import prepared
from recado.transport.routing import undeclared

_NAME = "recado-queue"


class Directory:
    """Knows queues; what it does not know it looks up, since somebody may have declared it."""

    def __init__(self, names: Names, lane: Lane, looking: Looking) -> None:
        self._names = names
        self._lane = lane
        self._looking = looking
        self._declared: set[str] = set()
        self._consumed: set[str] = set()
        self._lock = asyncio.Lock()

    async def declare(self, queues: Sequence[str]) -> None:
        """Write down queues that are not written down.

        Raises:
            RefusedError: for what is no name to ActiveMQ.
        """
        for queue in queues:
            self._names.queue(queue)
        await self._look_up(set(queues) - self._declared, by=self._declared)
        new = [name for name in dict.fromkeys(queues) if name not in self._declared]
        if new:
            markers = [
                prepared(self._names.declared, {_NAME: name}, b"") for name in new
            ]
            await self._lane.do(Call(markers))
            self._declared.update(new)

    async def missing(self, queues: Iterable[str]) -> list[str]:
        """Return those that are no queues."""
        await self._look_up({each for each in queues if not self._is_known(each)})
        return [name for name in dict.fromkeys(queues) if not self._is_known(name)]

    async def check(self, queue: str) -> None:
        """Look whether there is a queue.

        Raises:
            UnroutableError: if there is none of that name.
        """
        if not self._is_known(queue) and await self.missing([queue]):
            raise self.undeclared(queue)

    def undeclared(self, queue: str) -> UnroutableError:
        """Return the error for a queue that is none."""
        return undeclared(queue, self._declared | self._consumed)

    async def all_declared(self) -> list[str]:
        """Return the queues that were declared."""
        await self._refresh()
        return sorted(self._declared)

    def needs_a_look(self, outgoing: Iterable[Outgoing]) -> set[str]:
        """Return the queues of messages that are not known."""
        return {
            each.queue
            for each in outgoing
            if not each.is_topic and not self._is_known(each.queue)
        }

    def _is_known(self, queue: str) -> bool:
        return (
            queue in self._declared
            or queue in self._consumed
            or queue.startswith(REPLIES)
            or are_dead(queue)
        )

    async def _look_up(self, queues: set[str], by: set[str] | None = None) -> None:
        if not queues:
            return
        async with self._lock:
            known = by if by is not None else self._declared | self._consumed
            if queues - known:
                await self._refresh()

    async def _refresh(self) -> None:
        found = await self._looking.directory()
        self._declared.update(
            name for each in found.markers if (name := each.headers.get(_NAME))
        )
        self._consumed.update(found.consumed)
