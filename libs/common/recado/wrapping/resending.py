"""Sends what jobs left on disk, since the broker was away when they ended."""

from __future__ import annotations

import asyncio

from recado.clock import Clock, SystemClock
from recado.config import Settings
from recado.log import get_logger
from recado.runtime.draining import finished
from recado.transport import make_transport
from recado.wrapping.journal import Journal
from recado.wrapping.sender import Sender


async def resend(settings: Settings, clock: Clock | None = None) -> tuple[int, int]:
    """Send what jobs that have ended left; return how many postings are sent, and left.

    A broker that is away is waited for, for the grace period. Jobs that run now send
    what is theirs themselves.

    Raises:
        ConfigError: if the broker's URL cannot be used.
    """
    clock = clock or SystemClock()
    transport = make_transport(settings.broker)
    over = asyncio.Event()
    timer = clock.call_later(settings.grace_s, over.set)
    sent = left = 0
    try:
        for journal in Journal.left_in(settings.state):
            sender = Sender(transport, journal, clock, get_logger(), settings.topology)
            found = sender.left
            await _sent(sender, over)
            sent, left = sent + found - sender.left, left + sender.left
            journal.close()
    finally:
        timer.cancel()
        await transport.close()
    return sent, left


async def _sent(sender: Sender, over: asyncio.Event) -> None:
    posting = asyncio.create_task(sender.run())
    emptied = asyncio.create_task(sender.emptied())
    try:
        both = asyncio.wait({posting, emptied}, return_when=asyncio.FIRST_COMPLETED)
        await finished(both, over)
        if posting.done():
            posting.result()
    finally:
        posting.cancel()
        emptied.cancel()
