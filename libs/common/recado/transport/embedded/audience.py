"""The consumers of one process: who takes part, and who is woken."""

from __future__ import annotations

import itertools
from pathlib import Path

import structlog

from recado.transport.embedded.consumer import EmbeddedConsumer
from recado.transport.embedded.wake import Ear, Waker

log = structlog.get_logger()


class Audience:
    """A process's consumers by queue; without a folder for sockets it is the only one."""

    def __init__(self) -> None:
        self._sockets: Path | None = None
        self._waker: Waker | None = None
        self._consumers: dict[int, list[EmbeddedConsumer]] = {}
        self._numbers = itertools.count(1)

    def open(self, sockets: Path) -> None:
        """Wake other processes, and be woken by them, through sockets in a folder."""
        self._sockets = sockets
        self._waker = Waker(sockets)

    def close(self) -> None:
        """Wake nobody any more."""
        waker, self._waker = self._waker, None
        if waker is not None:
            waker.close()

    @property
    def members(self) -> list[EmbeddedConsumer]:
        """All the consumers."""
        return [each for consumers in self._consumers.values() for each in consumers]

    def join(self, consumer: EmbeddedConsumer) -> None:
        """Have a consumer take part."""
        self._consumers.setdefault(consumer.claim.queue, []).append(consumer)
        consumer.listen(self._ear(consumer))

    def leave(self, consumer: EmbeddedConsumer) -> None:
        """Forget a consumer."""
        number = consumer.claim.queue
        left = [it for it in self._consumers.pop(number, []) if it is not consumer]
        if left:
            self._consumers[number] = left

    def disband(self) -> None:
        """Have nobody take any more."""
        for consumer in self.members:
            consumer.close()
        self._consumers.clear()

    def _ear(self, consumer: EmbeddedConsumer) -> Ear | None:
        if self._sockets is None:
            return None
        name = f"{consumer.claim.worker}-{next(self._numbers)}"
        try:
            return Ear(self._sockets, consumer.claim.queue, name)
        except OSError as error:  # it still looks for itself, four times a second
            log.warning(
                "transport.round_failed",
                round="wake-ups",
                queue=consumer.queue,
                error=str(error),
            )
            return None

    def wake(self, queues: dict[int, int]) -> None:
        """Wake as many consumers of each queue as it got messages, this process's first."""
        for queue, count in queues.items():
            own = self._consumers.get(queue, ())
            idle = [consumer for consumer in own if consumer.is_idle][:count]
            for consumer in own:
                if consumer in idle or not consumer.is_idle:
                    consumer.wake()
            if count > len(idle) and self._waker is not None:
                ears = {consumer.ear_path for consumer in own}
                self._waker.wake(queue, count - len(idle), but=ears)

    def pass_on(self, queue: int, hops: int, path: str) -> None:
        """Pass a wake-up on that a consumer has no room for."""
        if self._waker is not None:
            self._waker.pass_on(queue, hops, path)

    def look_again(self) -> None:
        """Have every consumer look for messages that waits for a wake-up."""
        for consumer in self.members:
            if consumer.is_idle:
                consumer.wake()
