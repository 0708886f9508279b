"""Ask for a run: the request that the dispatcher takes, which is Zocalo's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recado.ids import new_id
from recado.message import ID, NORMAL, Message, Outgoing, encode
from recado.schemas.dispatch import DISPATCHER_QUEUE, HOST, USER
from recado.transport.base import Transport


def request_message(
    recipes: Sequence[str] = (),
    custom: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    user: str = "",
    host: str = "",
    *,
    id_: str = "",
) -> Message:
    """Return the message that asks for a run of recipes.

    A request with an ``id_`` of its own that is sent twice is the same run. What is wrong
    with a request, and which run it starts, says :func:`recado.starting.prepare`.
    """
    body: dict[str, Any] = {
        "recipes": list(recipes),
        "parameters": dict(parameters or {}),
    }
    if custom is not None:
        body["custom_recipe"] = custom
    headers = {ID: id_ or new_id(), USER: user, HOST: host}
    return Message(encode(body), {k: text for k, text in headers.items() if text})


async def submit(
    transport: Transport, request: Message, *, priority: int = NORMAL
) -> None:
    """Send a request; it is durable when this returns."""
    await transport.publish([Outgoing(DISPATCHER_QUEUE, request, priority=priority)])
