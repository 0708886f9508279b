"""What a step does with a message, written by hand: a child, and a report for later.

The same envelope, decoded and encoded with the same library, deterministic child ids, and
the same batched reports.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import from_json, to_json

from recado.ids import checksum, derived_id

Sent = tuple[str, dict[str, str], bytes]
"""A message on its way: its queue, headers and body."""


def handled(
    queue: str, taken: Iterable[tuple[Mapping[str, str], str | bytes]]
) -> list[Sent]:
    """Return the children of messages, and one report on all of them."""
    children: list[Sent] = []
    reports: list[dict[str, Any]] = []
    for headers, body in taken:
        started = time.perf_counter()
        sent = _child(headers, from_json(body), children)
        reports.append(_report(queue, sent, started))
    children.append(("events", {}, to_json({"events": reports})))
    return children


def _child(
    headers: Mapping[str, str], envelope: dict[str, Any], children: list[Sent]
) -> dict[str, Any]:
    recipe, pointer = envelope["recipe"], envelope["recipe-pointer"]
    sent = {
        "message": headers["recado-id"],
        "run": headers["recado-run"],
        "checksum": 0,
    }
    for index, target in enumerate(recipe[str(pointer)].get("output", [])):
        id_ = derived_id(headers["recado-id"], f"/{index}")
        envelope["recipe-pointer"] = target
        envelope["recipe-path"].append(pointer)
        head = {**headers, "recado-id": id_, "recado-parent": headers["recado-id"]}
        children.append((recipe[str(target)]["queue"], head, to_json(envelope)))
        sent["checksum"] = checksum(id_)
    return sent


def _report(queue: str, sent: dict[str, Any], started: float) -> dict[str, Any]:
    return {
        "id": derived_id(sent["message"], "outcome/0"),
        "stream": f"run-{sent['run']}",
        "type": "message.handled",
        "at": time.time(),
        "data": sent | {"queue": queue, "ms": (time.perf_counter() - started) * 1e3},
    }
