"""Sizes: how large a message may be, the same on every broker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from recado.errors import RefusedError
from recado.message import Outgoing

MAX_BODY: Final = 64 * 1024 * 1024


def check_sizes(messages: Sequence[Outgoing]) -> None:
    """Look whether messages can be sent.

    Raises:
        RefusedError: for one that is too large.
    """
    for outgoing in messages:
        if len(outgoing.message.body) > MAX_BODY:
            raise RefusedError(
                f"message to {outgoing.queue!r} has {len(outgoing.message.body)} bytes;"
                f" at most {MAX_BODY} can be sent"
            )
