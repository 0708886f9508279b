"""Ask for a run: the request that the dispatcher takes, which is Zocalo's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recado.ids import new_id
from recado.message import ID, NORMAL, Message, Outgoing, encode
from recado.schemas.dispatch import (
    DISPATCHER_QUEUE,
    HOST,
    IDEMPOTENCY_KEY,
    PRIORITY,
    START_AT,
    USER,
    RequestHeaders,
)
from recado.transport.base import Transport
from recado.validation import validated


def request_message(
    recipes: Sequence[str] = (),
    custom: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    user: str = "",
    host: str = "",
    *,
    id_: str = "",
    idempotency_key: str = "",
    start_at: float | None = None,
    priority: int = NORMAL,
) -> Message:
    """Return the message that asks for a run of recipes.

    A request with an ``id_`` of its own that is sent twice is the same run; so are several
    requests with one ``idempotency_key``. Before ``start_at``, in seconds since the epoch,
    nothing is started. What is wrong with a request, and which run it starts, says
    :func:`recado.starting.prepare`.
    """
    body: dict[str, Any] = {
        "recipes": list(recipes),
        "parameters": dict(parameters or {}),
    }
    if custom is not None:
        body["custom_recipe"] = custom
    headers = {
        ID: id_ or new_id(),
        USER: user,
        HOST: host,
        IDEMPOTENCY_KEY: idempotency_key,
        START_AT: "" if start_at is None else repr(float(start_at)),
        PRIORITY: "" if priority == NORMAL else str(priority),
    }
    return Message(encode(body), {k: text for k, text in headers.items() if text})


async def submit(transport: Transport, request: Message) -> None:
    """Send a request, with the priority in its headers; it is durable when this returns.

    Raises:
        SchemaError: if a header of the request cannot be used.
    """
    said = validated(RequestHeaders, request.headers, "request", "headers")
    outgoing = Outgoing(DISPATCHER_QUEUE, request, priority=said.priority)
    await transport.publish([outgoing])
