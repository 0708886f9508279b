"""Picking up stored requests: claimed, sent, confirmed, and only then deleted."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from pydantic_core import to_json

from recado.clients.dispatch import submit
from recado.config import Settings
from recado.errors import DisconnectedError, RecadoError, RefusedError, SchemaError
from recado.message import Message, decode
from recado.starting import Request, read_request
from recado.transport import Transport
from recado_cli.failing import FailedError, lines_of
from recado_cli.output import clean, count, print_line, talk
from recado_cli.session import asking, connected
from recado_cli.stored import Claim, claim, read_stored, waiting

CROWD: Final = 64
"""Requests that are on their way at once."""
LOOK_S: Final = 30.0
"""A folder on the network tells nobody what another host writes: it is looked at as well."""
FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Manner:
    """How requests are picked up."""

    delay_s: float = 0.0
    wait_s: float = 0.0
    is_watching: bool = False
    as_json: bool = False
    is_verbose: bool = False


async def pick_up(folder: Path, settings: Settings, manner: Manner) -> None:
    """Send a folder's requests, and say what became of each.

    Raises:
        FailedError: if some could not be sent.
    """
    picking = Picking(folder, manner)
    try:
        await asyncio.sleep(manner.wait_s)
        if manner.is_watching:
            await picking.go_on(settings)
        else:
            await picking.once(settings)
    except asyncio.CancelledError:
        left = len(_waiting(folder))
        talk(f"stopped: {picking.sent} sent, {left} still in {folder}")
        raise


@dataclass(frozen=True, slots=True)
class _Picked:
    """A request that is ours to send."""

    claim: Claim
    message: Message
    request: Request

    @classmethod
    def of(cls, mine: Claim) -> _Picked:
        try:
            message = read_stored(mine.file.read(), mine.path.name)
            return cls(mine, message, read_request(message))
        except BaseException:
            mine.file.close()
            raise

    @property
    def facts(self) -> dict[str, Any]:
        """What is printed of it, as JSON."""
        said = self.request.said
        who = {"user": said.user, "host": said.host, "recipes": self.request.recipes}
        # JSON has no place for the bytes of a name that is no text.
        name = os.fsencode(self.claim.path).decode(errors="backslashreplace")
        head = {"file": name, "run": self.request.run}
        return {**head, "request": self.message.id, **who}


class Picking:
    """Sends the requests of one folder."""

    def __init__(self, folder: Path, manner: Manner) -> None:
        self.sent = 0
        self._folder = folder
        self._manner = manner
        self._told: dict[Path, str] = {}
        """What was said of a file that cannot be sent."""

    async def once(self, settings: Settings) -> None:
        """Send what is there now.

        Raises:
            FailedError: if some could not be sent.
        """
        if not _waiting(self._folder):
            talk(f"no requests are stored in {self._folder}")
            return
        async with connected(settings) as transport:
            with asking("dispatcher", settings):
                await self._sweep(transport)
        talk(f"{count(self.sent, 'request')} sent")
        if self._told:
            raise FailedError(
                f"{count(len(self._told), 'request')} not sent, still in {self._folder}"
            )

    async def go_on(self, settings: Settings) -> None:
        """Send what is there, and what is stored from now on, until cancelled."""
        self._folder.mkdir(parents=True, exist_ok=True)
        async with AsyncExitStack() as stack:
            transport = await _patiently(stack, settings)
            talk(f"watching {self._folder}")
            looks = await stack.enter_async_context(aclosing(_looks(self._folder)))
            async for _ in looks:
                with asking("dispatcher", settings):
                    await self._sweep(transport)

    async def _sweep(self, transport: Transport) -> None:
        paths = await asyncio.to_thread(waiting, self._folder)
        size = 1 if self._manner.delay_s else CROWD
        for first in range(0, len(paths), size):
            if first:
                await asyncio.sleep(self._manner.delay_s)
            crowd = paths[first : first + size]
            claimed = await asyncio.to_thread(self._claimed, crowd)
            await self._send(transport, claimed)

    def _claimed(self, paths: Sequence[Path]) -> list[_Picked]:
        found: list[_Picked] = []
        for path in paths:
            try:
                mine = claim(path)
                if mine is not None:
                    found.append(_Picked.of(mine))
            except (OSError, SchemaError) as error:
                self._tell(path, error)
        return found

    async def _send(self, transport: Transport, crowd: Sequence[_Picked]) -> None:
        outcomes = await asyncio.gather(
            *(self._send_one(transport, each) for each in crowd), return_exceptions=True
        )
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def _send_one(self, transport: Transport, picked: _Picked) -> None:
        if self._manner.is_verbose:
            click.echo(to_json(decode(picked.message.body), indent=2), err=True)
        with picked.claim.file:
            try:
                await submit(transport, picked.message)
            except RefusedError as error:
                self._tell(picked.claim.path, error)
                return
            # Killed before this, it is sent once more, and is the same request.
            _delete(picked.claim.path)
        self.sent += 1
        if self._manner.as_json:
            print_line(picked.facts)
        else:
            click.echo(clean(f"{picked.claim.path} sent: run {picked.request.run}"))

    def _tell(self, path: Path, error: RecadoError | OSError) -> None:
        text = "; ".join(line.strip() for line in lines_of(error))
        if self._told.get(path) != text:
            self._told[path] = text
            click.echo(clean(f"{text} (left in {path})"), err=True)


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise FailedError(
            f"{path} is sent and cannot be deleted: {error.strerror or error}; "
            "delete it, or it is sent again"
        ) from error


async def _patiently(stack: AsyncExitStack, settings: Settings) -> Transport:
    """Return a connection, once the broker is there; nobody tells when it comes."""
    wait_s = FIRST_WAIT_S
    while True:
        try:
            return await stack.enter_async_context(connected(settings))
        except DisconnectedError as error:
            if wait_s == FIRST_WAIT_S:
                talk(f"waiting: {error}")
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)


async def _looks(folder: Path) -> AsyncGenerator[None]:
    """Yield whenever a folder is to be looked at: now, when told, and once in a while."""
    changed = asyncio.Event()
    watching = asyncio.create_task(_watch(folder, changed))
    try:
        # It watches by the time of the first look, so that nothing falls in between.
        await asyncio.sleep(0)
        while True:
            changed.clear()
            yield
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await changed.wait()
    finally:
        watching.cancel()
        await asyncio.wait({watching})


async def _watch(folder: Path, changed: asyncio.Event) -> None:
    from watchfiles import (
        Change,
        awatch,  # pyright: ignore[reportUnknownVariableType] # it may be trio's event
    )

    try:
        async for _ in awatch(
            folder,
            watch_filter=lambda change, _: change is not Change.deleted,
            recursive=False,
        ):
            changed.set()
    except OSError as error:
        talk(f"{folder} is looked at every {LOOK_S:g} s: {error}")


def _waiting(folder: Path) -> Sequence[Path]:
    """Return the stored files; none if nothing was ever stored."""
    with suppress(FileNotFoundError):
        return waiting(folder)
    return ()
