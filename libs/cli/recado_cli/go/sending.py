"""Submitting a run: checked against the broker, sent, or stored while that is away."""

from __future__ import annotations

from pathlib import Path

import click

from recado.clients.dispatch import submit
from recado.clients.eventlog import EventLog
from recado.errors import DisconnectedError, RefusedError
from recado.transport import Transport
from recado_cli.failing import FailedError
from recado_cli.go.submitting import Ask
from recado_cli.go.watching import Wish, wait_for_end
from recado_cli.output import print_line, talk
from recado_cli.session import asking, connected
from recado_cli.stored import store


async def submit_and_watch(ask: Ask, wish: Wish) -> None:
    """Submit a run, print its id, and wait for its end if that is wished.

    While the broker is away the request is stored; not if its outcome is waited for.

    Raises:
        FailedError: if it was not finished in time, or not without dead letters.
    """
    if wish.is_stored:
        _store(ask, wish)
        return
    is_sent = False
    try:
        async with connected(ask.settings) as transport:
            position = await _submit(transport, ask, wish)
            is_sent = True
            if not (wish.is_waiting and wish.as_json):
                _print_id(ask.run, wish)
            if wish.is_waiting:
                await wait_for_end(transport, ask, wish, position)
    except (DisconnectedError, RefusedError) as error:
        if is_sent or wish.is_waiting or wish.is_stored is False:
            raise
        talk(f"the request is not sent: {error}")
        _store(ask, wish)


async def _submit(transport: Transport, ask: Ask, wish: Wish) -> int:
    """Send the request; return the position behind which events tell of the run."""
    position = 0
    # With a key the run may be an earlier one, and have ended long ago.
    if wish.is_waiting and not ask.has_key:
        with asking("event store", ask.settings):
            position = await EventLog(transport).head()
    await (await ask.looked_up(transport)).check_queues(transport)
    with asking("dispatcher", ask.settings):
        await submit(transport, ask.message)
    return position


def _store(ask: Ask, wish: Wish) -> None:
    folder = ask.settings.drop
    try:
        path = store(folder, ask.message)
    except OSError as error:
        raise FailedError(
            f"the request cannot be stored in {folder}: {error.strerror or error}"
        ) from error
    if ask.is_elsewhere:
        talk(f"it is not checked: there is no folder {ask.settings.recipes}")
    talk(f"it is stored in {path}; 'recado pickup' sends it once the broker is there")
    _print_id(ask.run, wish, path)


def _print_id(run: str, wish: Wish, stored: Path | None = None) -> None:
    if not wish.as_json:
        click.echo(run)
    elif stored is None:
        print_line({"run": run})
    else:
        print_line({"run": run, "stored": stored})
