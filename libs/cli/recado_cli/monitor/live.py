"""Watching: told by heartbeats and by the event store, shown as it changes."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import click

from recado.clients.eventlog import EventLog
from recado.clients.letters import Letters
from recado.clients.lookup import Lookup
from recado.config import Settings, shown
from recado.control import Listener, listening
from recado.errors import RequestTimeoutError, TransportError, UnroutableError
from recado.transport import DEAD_LETTERS, Transport
from recado_cli.monitor.board import Board
from recado_cli.monitor.changes import changes, line_of
from recado_cli.monitor.view import View
from recado_cli.output import clean, print_line
from recado_cli.overview import TIMEOUT_S, run_counts
from recado_cli.session import connected

T = TypeVar("T")
DEPTHS_S: Final = 2.0
"""Nobody tells how long a queue is: it is asked for as often as this."""
COUNTS_S: Final = 1.0
"""Runs are counted no more often than this, however much happens."""
QUIET_S: Final = 10.0
"""They are counted as often as this although nothing happens."""
AGAIN_S: Final = 5.0
"""A service that does not answer is left alone for so long."""
FRAME_S: Final = 0.2
"""Between two drawings."""
TICK_S: Final = 1.0
"""Ages grow although nothing happens."""
COUNTED: Final = 100


async def watch(settings: Settings, *, as_json: bool) -> None:
    """Show an installation as it changes, until ``q`` is pressed or it is cancelled."""
    async with connected(settings) as transport, listening(transport) as listener:
        watching = Watching(transport, listener, Board(shown(settings.broker)))
        if as_json:
            showing = watching.tell(print_line)
        elif sys.stdout.isatty():
            showing = watching.draw()
        else:
            showing = watching.tell(_print)
        await _first_of([showing, *watching.tasks()])


class Watching:
    """Keeps a board up to date, and shows it."""

    def __init__(self, transport: Transport, listener: Listener, board: Board) -> None:
        self._transport = transport
        self._listener = listener
        self._board = board
        self._changed = asyncio.Event()
        self._log = EventLog(transport, timeout_s=TIMEOUT_S)
        self._letters = Letters(transport, timeout_s=TIMEOUT_S)
        self._lookup = Lookup(transport, TIMEOUT_S)

    def tasks(self) -> list[Coroutine[Any, Any, None]]:
        """Return what keeps the board up to date; none of it ends."""
        return [self._hear(), self._learn(), self._measure(), self._count()]

    # Showing

    async def draw(self) -> None:
        """Show the board on the whole terminal, until ``q`` is pressed."""
        from rich.console import Console
        from rich.live import Live

        from recado_cli.monitor.drawing import screen
        from recado_cli.monitor.keys import keys_to

        quit_ = asyncio.Event()

        def press(key: str) -> None:
            if key in "qQ":
                quit_.set()
                self._changed.set()

        console = Console()
        with (
            Live(console=console, screen=True, auto_refresh=False) as live,
            keys_to(press),
        ):
            while not quit_.is_set():
                width, height = console.size
                drawn = screen(self._view(), width, height, datetime.now())
                live.update(drawn, refresh=True)
                await self._next()

    async def tell(self, write: Callable[[dict[str, Any]], None]) -> None:
        """Write a line for each change, for ever."""
        before: View | None = None
        while True:
            now = self._view()
            for change in changes(before, now):
                write(change)
            before = now
            await self._next()

    def _view(self) -> View:
        now = time.monotonic()
        self._board.is_connected = self._transport.is_alive
        for name in self._board.forget(now):
            self._listener.heard.pop(name, None)
        return self._board.view(now)

    async def _next(self) -> None:
        """Wait until something has changed, or a while has passed."""
        await asyncio.sleep(FRAME_S)
        try:
            async with asyncio.timeout(TICK_S - FRAME_S):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    # Learning

    async def _hear(self) -> None:
        while True:
            self._board.hear(self._listener.heard)
            self._changed.set()
            await self._listener.changed.wait()
            self._listener.changed.clear()

    async def _learn(self) -> None:
        while True:
            # Whether it answers is known by asking only.
            reply = await self._answer("registry", self._lookup.services())
            if reply is not None:
                self._listener.learn(reply)
                self._listener.changed.set()
            await asyncio.sleep(QUIET_S)

    async def _measure(self) -> None:
        while True:
            names = [DEAD_LETTERS, *self._board.queues]
            try:
                depths = await self._transport.depths(names)
            except TransportError:
                depths = {}
            if depths:
                self._board.see_queues(depths, time.monotonic())
                self._changed.set()
            await asyncio.sleep(DEPTHS_S)

    async def _count(self) -> None:
        while True:
            letters = await self._answer("deadletter", self._letters.list(limit=1))
            if letters is not None:
                self._board.letters = letters.total
            head = await self._answer("eventstore", self._log.head())
            runs = (
                await self._answer("eventstore", run_counts(self._log.runs, COUNTED))
                if head is not None
                else None
            )
            self._changed.set()
            if head is None or runs is None:
                await asyncio.sleep(AGAIN_S)
                continue
            self._board.runs = runs
            await asyncio.sleep(COUNTS_S)
            await self._answer("eventstore", self._log.wait(head, QUIET_S))

    async def _answer(self, service: str, question: Awaitable[T]) -> T | None:
        try:
            answer = await question
        except (RequestTimeoutError, UnroutableError):
            self._board.away.add(service)
            self._changed.set()
            return None
        self._board.away.discard(service)
        return answer


async def _first_of(work: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Return when the first one ends, and end the others; raise what it raises."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            each.result()
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.wait(tasks)


def _print(change: dict[str, Any]) -> None:
    at = datetime.now().strftime("%H:%M:%S")
    click.echo(clean(f"{at} {line_of(change)}"))
