"""A message on its way to the broker, made ready to be sent more than once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recado.message import NORMAL, Outgoing
from recado.transport.activemq.frames import frame_head
from recado.transport.activemq.names import REPLIES, Names
from recado.transport.activemq.wire import DELAY, PLAIN, rest


@dataclass(slots=True, eq=False)
class Sending:
    """What is sent, and how; ``due`` is when, in seconds since the epoch, if it waits."""

    protocol: dict[str, str]
    rest: bytes
    due: float | None = None

    def frame(self, transaction: str | None, receipt: str | None, now: float) -> bytes:
        """Return the frame that sends it now, within a transaction or by itself."""
        protocol = dict(self.protocol)
        if transaction is not None:
            protocol["transaction"] = transaction
        if receipt is not None:
            protocol["receipt"] = receipt
        if self.due is not None:
            protocol[DELAY] = str(max(round((self.due - now) * 1000), 1))
        return frame_head("SEND", protocol) + self.rest


def prepared(
    destination: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    priority: int = NORMAL,
    expires_ms: int = 0,
    due: float | None = None,
    is_persistent: bool = True,
) -> Sending:
    """Return a message ready to be sent.

    Raises:
        RefusedError: for a header that cannot be sent.
    """
    protocol = {
        "destination": destination,
        "persistent": "true" if is_persistent else "false",
    }
    if priority != NORMAL:
        protocol["priority"] = str(priority)
    if expires_ms:
        protocol["expires"] = str(expires_ms)
    if due is not None:
        protocol |= PLAIN
    return Sending(protocol, rest(headers, body), due)


def sending(outgoing: Outgoing, names: Names, now: float) -> Sending:
    """Return a message on its way out, ready to be sent.

    Raises:
        RefusedError: for a header that cannot be sent.
    """
    is_topic, expires_s = outgoing.is_topic, outgoing.expires_s
    return prepared(
        names.topic(outgoing.queue) if is_topic else names.queue(outgoing.queue),
        outgoing.message.headers,
        outgoing.message.body,
        priority=outgoing.priority,
        expires_ms=round((now + expires_s) * 1000) if expires_s is not None else 0,
        due=now + outgoing.delay_s if outgoing.delay_s > 0 else None,
        is_persistent=not is_topic and not outgoing.queue.startswith(REPLIES),
    )
