"""The registry's events, and what they hold."""

from __future__ import annotations

from recado.schemas.registry import Beat
from recado_registry.liveness import Leases
from recado_registry.telling import event_of

DETAILS = {"name": "mailer", "version": "2", "started_at": 90}


def _beat(status: int) -> Beat:
    return Beat(host="lab.7", status=status, statustext="ending", recado=DETAILS)


def test_the_events_hold_who_since_when_and_why() -> None:
    leases = Leases(100.0)

    came = [event_of(each) for each in leases.hear(_beat(1), "a", 100.0)]
    left = [event_of(each) for each in leases.hear(_beat(6), "b", 103.0)]

    who = {"instance": "lab.7", "service": "mailer", "since": 90.0}
    assert [(x.stream, x.type, x.at) for x in came + left] == [
        ("registry", "instance.registered", 100.0),
        ("registry", "instance.left", 103.0),
    ]
    assert came[0].data == who | {"version": "2"}
    assert left[0].data == who | {"status": 6, "statustext": "ending"}
