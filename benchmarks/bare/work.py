"""What a step does with a message, written by hand: its children, and a report.

The same envelope, decoded and encoded with the same library, deterministic child ids, and
the same batched reports.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import from_json, to_json

from recado.ids import checksum, derived_id, deriver

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
        sent = _children(headers, from_json(body), children)
        reports.append(_report(queue, sent, started))
    children.append(("events", {}, to_json({"events": reports})))
    return children


def _children(
    headers: Mapping[str, str], envelope: dict[str, Any], children: list[Sent]
) -> dict[str, Any]:
    recipe, pointer = envelope["recipe"], envelope["recipe-pointer"]
    parent, run = headers["recado-id"], headers["recado-run"]
    total = 0
    derive = deriver(parent)
    envelope["recipe-path"].append(pointer)
    for target in recipe[str(pointer)].get("output", []):
        queue = recipe[str(target)]["queue"]
        envelope["recipe-pointer"] = target
        for index, payload in enumerate(_payloads(envelope["payload"])):
            id_ = derive(f"/{index}")
            envelope["payload"] = payload
            head = {**headers, "recado-id": id_, "recado-parent": parent}
            children.append((queue, head, to_json(envelope)))
            total ^= checksum(id_)
    return {"message": parent, "run": run, "checksum": total}


def _payloads(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is sent on: the same, or as many as a fan's request asks for."""
    if "children" not in payload:
        return [payload]
    return [{"number": number} for number in range(payload["children"])]


def _report(queue: str, sent: dict[str, Any], started: float) -> dict[str, Any]:
    return {
        "id": derived_id(sent["message"], "outcome/0"),
        "stream": f"run-{sent['run']}",
        "type": "message.handled",
        "at": time.time(),
        "data": sent | {"queue": queue, "ms": (time.perf_counter() - started) * 1e3},
    }
