"""Threads for handlers that block.

There are as many as there are calls at work, and one that is stuck for ever holds up
nobody: the next call gets another, and the process can end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeAlias


@dataclass(slots=True)
class _Call:
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    context: Context
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]


@dataclass(slots=True)
class _Raised:
    error: BaseException


_Queue: TypeAlias = "SimpleQueue[_Call | None]"


class Threads:
    """Runs blocking calls, each in a thread that nobody else uses meanwhile."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._idle: list[_Queue] = []
        self._busy = 0
        self._started = 0

    @property
    def busy(self) -> int:
        """Calls that have not returned, those included that nobody waits for."""
        return self._busy

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return what a call in a thread returns, or raise what it raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        queue = self._idle.pop() if self._idle else self._start()
        self._busy += 1
        queue.put(_Call(function, arguments, copy_context(), loop, answer))
        outcome = await answer
        if isinstance(outcome, _Raised):
            raise outcome.error
        return outcome

    def close(self) -> None:
        """End the threads that have nothing to do."""
        while self._idle:
            self._idle.pop().put(None)

    def _start(self) -> _Queue:
        queue: _Queue = SimpleQueue()
        self._started += 1
        name = f"{self._name}-{self._started}"
        Thread(target=self._serve, args=(queue,), name=name, daemon=True).start()
        return queue

    def _serve(self, queue: _Queue) -> None:
        while (call := queue.get()) is not None:
            try:
                outcome = call.context.run(call.function, *call.arguments)
            except BaseException as error:
                outcome = _Raised(error)
            try:
                call.loop.call_soon_threadsafe(self._returned, queue, call, outcome)
            except RuntimeError:  # the loop is closed: nobody waits any more
                return
            del call, outcome

    def _returned(self, queue: _Queue, call: _Call, outcome: object) -> None:
        self._busy -= 1
        self._idle.append(queue)
        if not call.answer.done():
            call.answer.set_result(outcome)
