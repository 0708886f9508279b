"""The wire: what of a message is whose header, to the broker and back.

Headers are strings on both sides. Those that STOMP and ActiveMQ use themselves are kept
apart from a message's own, and one that is longer than ActiveMQ takes travels in parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from recado.errors import RefusedError
from recado.transport.activemq.frames import Frame, escaped

DELAY: Final = "AMQ_SCHEDULED_DELAY"
JOB: Final = "scheduledJobId"
PLAIN: Final = {"transformation": "none"}
"""Keeps the broker from describing in XML what it makes itself, which not every
installation of it can."""

_OWN: Final = "recado-own."
_PART: Final = ".recado-part-"
_LONGEST: Final = 2_400
"""ActiveMQ takes lines of 10 KiB; a character may have four bytes, or be escaped."""
_LONGEST_NAME: Final = 500
"""What is left of such a line, in bytes, with room for what is added to a name."""
_MOST_LINES: Final = 980
"""ActiveMQ takes 1,000, with those of the protocol."""

# fmt: off
_RESERVED: Final = frozenset({
    "destination", "transaction", "receipt", "content-length", "persistent", "priority",
    "expires", "reply-to", "subscription", "message-id", "ack", "id", "timestamp",
    "redelivered", "transformation", "amq-msg-type", "browser", "selector",
    "original-destination", "originalExpiration", "JMSXUserID", "JMSXGroupID",
    "JMSXGroupSeq", "JMSType", JOB, DELAY,
    "AMQ_SCHEDULED_PERIOD", "AMQ_SCHEDULED_REPEAT", "AMQ_SCHEDULED_CRON",
    "AMQ_SCHEDULER_ACTION", "dlqDeliveryFailureCause",
})
# fmt: on
"""What the broker would take for its own, or adds to a message."""
_OF_DEATHS: Final = ("original-destination", "timestamp", "dlqDeliveryFailureCause")


def rest(headers: Mapping[str, str], body: bytes) -> bytes:
    """Return what follows a SEND frame's command and the headers of the protocol.

    Raises:
        RefusedError: for a header that cannot be sent.
    """
    lines = [f"{escaped(key)}:{escaped(value)}\n" for key, value in _outward(headers)]
    if len(lines) > _MOST_LINES:
        raise RefusedError(
            f"{len(headers)} headers need {len(lines)} lines of up to {_LONGEST} characters;"
            f" ActiveMQ takes at most {_MOST_LINES}"
        )
    try:
        head = f"content-length:{len(body)}\n{''.join(lines)}\n".encode()
    except UnicodeEncodeError as error:
        raise RefusedError(f"a header is no text: {error}") from None
    return b"".join((head, body, b"\0"))


def _outward(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if not name or "\0" in value or "\0" in name:
            raise RefusedError(f"header {name!r} has no name, or a zero byte in it")
        if len(name) > _LONGEST_NAME // 4 and _size(name) > _LONGEST_NAME:
            raise RefusedError(
                f"header {name[:40]!r}… has a name of {_size(name)} bytes; ActiveMQ takes"
                f" at most {_LONGEST_NAME}"
            )
        key = f"{_OWN}{name}" if name in _RESERVED else name
        if len(value) <= _LONGEST:
            yield key, value
        else:
            for number, start in enumerate(range(0, len(value), _LONGEST)):
                yield f"{key}{_PART}{number}", value[start : start + _LONGEST]


def _size(name: str) -> int:
    return len(escaped(name).encode(errors="replace"))


def own_headers(received: Frame) -> dict[str, str]:
    """Return a message's own headers, as its sender wrote them."""
    headers = {
        name: value for name, value in received.headers.items() if name not in _RESERVED
    }
    names = "\n".join(headers)
    if _OWN in names or _PART in names:
        return _restored(headers)
    return headers


def death_headers(received: Frame) -> dict[str, str]:
    """Return what the broker says of a dead letter: where it was sent to, when, and why."""
    return {
        name: received.headers[name] for name in _OF_DEATHS if name in received.headers
    }


_PARTED: Final = re.compile(rf"(.+){re.escape(_PART)}(\d{{1,6}})")


def _restored(headers: Mapping[str, str]) -> dict[str, str]:
    whole: dict[str, str] = {}
    parts: dict[str, dict[int, str]] = {}
    for name, value in headers.items():
        parted = _PARTED.fullmatch(name)
        if parted:
            parts.setdefault(parted[1], {})[int(parted[2])] = value
        else:
            whole[name] = value
    for name, pieces in parts.items():
        whole[name] = "".join(pieces[number] for number in sorted(pieces))
    return {name.removeprefix(_OWN): value for name, value in whole.items()}


def number(headers: Mapping[str, str], name: str, default: int) -> int:
    """Return what a header of the broker's says."""
    value = headers.get(name, "")
    return int(value) if value.isascii() and value.isdecimal() else default
