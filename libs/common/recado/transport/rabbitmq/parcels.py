"""Parcels: messages on their way out, as they are sent to RabbitMQ."""

from __future__ import annotations

from collections.abc import Mapping

from recado.message import Outgoing
from recado.transport import copies
from recado.transport.base import DEAD_LETTERS, Delivery
from recado.transport.rabbitmq import ladder
from recado.transport.rabbitmq.death import sendable
from recado.transport.rabbitmq.frames import Parcel
from recado.transport.rabbitmq.received import EXPIRES


def exchange_of(outgoing: Outgoing) -> str:
    """Return the exchange that a message to a queue goes through; empty for none.

    What is delayed cannot: its way ends at the queue.
    """
    return "" if outgoing.is_topic or outgoing.delay_s > 0 else outgoing.exchange


def place_of(outgoing: Outgoing) -> str:
    """Return what is said to be missing if a message reaches no queue."""
    return place(outgoing.queue, exchange_of(outgoing))


def place(key: str, exchange: str) -> str:
    """Return what a key leads to: a queue, or what is bound to it at an exchange."""
    return f"{key} (exchange {exchange})" if exchange else key


def parcel(outgoing: Outgoing, now: float) -> Parcel:
    """Return a message as it is sent.

    Raises:
        RefusedError: if its delay is too long.
    """
    message = outgoing.message
    headers = sendable(message.headers, outgoing.queue)
    expires_s = outgoing.expires_s
    if expires_s is not None:
        due = now + outgoing.delay_s + expires_s
        headers = {**headers, EXPIRES: f"{due:.3f}"}
    if outgoing.is_topic:
        return Parcel(
            outgoing.queue,
            "",
            message.body,
            headers,
            outgoing.priority,
            is_mandatory=False,
            is_persistent=False,
            expiration_ms=None if expires_s is None else round(expires_s * 1000),
        )
    made = Parcel(
        outgoing.exchange,
        outgoing.queue,
        message.body,
        headers,
        outgoing.priority,
        is_mandatory=outgoing.mandatory,
    )
    return delayed(made, outgoing.delay_s) if outgoing.delay_s > 0 else made


def copy(
    delivery: Delivery, headers: Mapping[str, str], queue: str, *, delay_s: float = 0.0
) -> Parcel:
    """Return a copy of what was delivered; one for ``dlq`` does not expire."""
    sent = sendable(headers, queue)
    expires = delivery.tag.expires
    if expires and queue != DEAD_LETTERS:
        sent = {**sent, EXPIRES: expires}
    made = Parcel("", queue, delivery.message.body, sent, delivery.priority)
    return delayed(made, delay_s) if delay_s > 0 else made


def released(delivery: Delivery) -> Parcel:
    """Return the copy that puts a message back: the same attempt, the same suspicion."""
    headers = copies.released(delivery, suspect=delivery.tag.is_suspect)
    return copy(delivery, headers, delivery.queue)


def delayed(parcel: Parcel, delay_s: float) -> Parcel:
    """Have a parcel take the way that delays it."""
    way = ladder.way(delay_s, parcel.key)
    parcel.exchange, parcel.key = way.exchange, way.key
    return parcel
