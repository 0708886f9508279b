"""Envelopes of jobs for the tests, and ways to look at what a job sends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from recado.events import EVENTS_QUEUE, Event
from recado.message import Outgoing, decode
from recado.wrapping.assignment import Assignment

RUN = "7f0d1f6e-7d0f-4a3f-9f0a-0c2c6a7d1a11"


def document(run: str = RUN, payload: Any = None, **step: Any) -> dict[str, Any]:
    """Return the envelope of a job at step 1; whatever it sends goes to step 2."""
    channels = ["starting", "updates", "success", "failure", "completed"]
    given = {"queue": "cluster", "output": dict.fromkeys(channels, 2), **step}
    return {
        "recipe": {"1": given, "2": {"queue": "notes"}, "start": [[1, []]]},
        "recipe-pointer": 1,
        "recipe-path": [],
        "environment": {"ID": run} if run else {},
        "payload": payload,
    }


def assignment(run: str = RUN, payload: Any = None, **step: Any) -> Assignment:
    """Return a job's assignment."""
    return Assignment.read(json.dumps(document(run, payload, **step)).encode())


def events(posting: Sequence[Outgoing]) -> list[Event]:
    """Return the events that a posting tells."""
    return [
        Event(**event)
        for each in posting
        if each.queue == EVENTS_QUEUE
        for event in decode(each.message.body)["events"]
    ]


def outputs(posting: Sequence[Outgoing]) -> list[Outgoing]:
    """Return what a posting sends to the recipe's steps."""
    return [each for each in posting if each.queue != EVENTS_QUEUE]
