"""What leaves when a run starts: its first messages, and the event that tells of them."""

from __future__ import annotations

from typing import Any, cast

from recado.envelope import Envelope
from recado.events import RUN_STARTED, run_stream
from recado.outbox import Outbox
from recado.starting.preparing import Prepared
from recado.starting.request import Request


def start(prepared: Prepared, request: Request, outbox: Outbox) -> None:
    """Write a run's first messages, and the event that tells of them, into an outbox.

    The outbox is to be one of the request's own id, so that a request which is handled
    twice sends the same messages, whatever message it came in.
    """
    recipe = cast("dict[str, Any]", prepared.recipe.raw)
    for pointer, payload in prepared.recipe.start:
        envelope = Envelope(recipe, pointer, [], {"ID": prepared.run})
        outbox.send_step(envelope, pointer, [], payload, recipe=prepared.encoded)
    data = _started(prepared, request, outbox)
    outbox.emit(run_stream(prepared.run), RUN_STARTED, data, key="started")


def _started(prepared: Prepared, request: Request, outbox: Outbox) -> dict[str, Any]:
    # A step that starts more recipes in its own run has them counted with its report.
    is_counted = request.parent == prepared.run
    children, sum_ = (0, 0) if is_counted else (outbox.children, outbox.checksum)
    known = {
        "parent": request.parent,
        "user": request.said.user,
        "host": request.said.host,
    }
    return {
        "recipes": list(prepared.names),
        "custom": prepared.is_custom,
        "parameters": prepared.parameters,
        "request": request.id,
        "children": children,
        "checksum": format(sum_, "016x"),
        **{key: value for key, value in known.items() if value},
    }
