"""Copies: what a message carries when a network broker keeps a copy in its stead.

Brokers do not count attempts as recado does, if they count at all, and a message that is
put back by their own means counts as failed. So a delivery that does not end in ``done``
ends with a copy: the number of the delivery that the copy is going to be rides in a
header, and so does the suspicion that the message kills whoever handles it. Both are the
transport's own; no handler sees them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from recado.ids import new_id
from recado.letter import Letter
from recado.message import ADOPTED, ATTEMPT, ID
from recado.transport.base import Delivery, Settlement

SUSPECT: Final = "recado-suspect"
_MAX_ATTEMPT: Final = 1_000_000_000


def received(headers: Mapping[str, str]) -> tuple[dict[str, str], int, bool]:
    """Return a message's own headers, the number of this delivery, and the suspicion.

    The number is that of the first delivery of what came: crashes since are to be added.
    """
    own = dict(headers)
    attempt, suspect = own.pop(ATTEMPT, "1"), own.pop(SUSPECT, "")
    number = int(attempt) if attempt.isdecimal() and len(attempt) < 10 else 1
    return own, min(max(number, 1), _MAX_ATTEMPT), suspect == "1"


def numbered(
    headers: Mapping[str, str], attempt: int, *, suspect: bool = False
) -> dict[str, str]:
    """Return the headers of a copy that is going to be the given delivery."""
    marks = {ATTEMPT: str(attempt)} if attempt > 1 else {}
    return {**headers, **marks, **({SUSPECT: "1"} if suspect else {})}


def retried(settlement: Settlement) -> dict[str, str]:
    """Return the headers of the next attempt: it ended in an error, so it killed nobody."""
    delivery = settlement.delivery
    headers = {**delivery.message.headers, **settlement.headers}
    return numbered(headers, delivery.attempt + 1)


def released(delivery: Delivery, *, suspect: bool) -> dict[str, str]:
    """Return the headers of the same attempt, put back unharmed."""
    return numbered(delivery.message.headers, delivery.attempt, suspect=suspect)


def dead(settlement: Settlement) -> dict[str, str]:
    """Return the headers of a dead letter: it begins anew for whoever takes it."""
    return {**settlement.delivery.message.headers, **settlement.headers}


def adopted(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a foreign message with an id, which it keeps from now on.

    They say that it was adopted: nobody has counted it as sent.
    """
    return {**headers, ID: new_id(), ADOPTED: "true"}


def condemned(delivery: Delivery, now: float) -> dict[str, str]:
    """Return the headers of a dead letter that the transport itself makes.

    ``delivery`` is the one beyond the ceiling, so one less came to no verdict.
    """
    attempts = delivery.attempt - 1
    letter = Letter(
        reason="ceiling",
        text=(
            f"delivered {attempts} times without a last verdict: its handling killed the"
            " process, or it was retried for ever"
        ),
        queue=delivery.queue,
        attempts=attempts,
        at=now,
        run=delivery.message.run,
    )
    return {**delivery.message.headers, **letter.header()}
