"""A dump: the file that a message is written to, and what is read from it.

It is a JSON object ``{"exported": {"date", "time"}, "header", "message"}``, in a folder of
the day on which the message died. The header holds the message's own headers and what the
broker says of its death, in the words of that broker. What JSON cannot give back byte by
byte is kept beside it, under ``body``, in base64; who edits ``message`` has it sent as edited.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, cast

from recado.dumps.death import Death, Destination, Wording, destination, words
from recado.errors import Problem, SchemaError
from recado.ids import as_id
from recado.message import Message, decode, encode
from recado.revival import moved, restored, revived, without_deaths

REINJECTED: Final = "dlq-reinjected"
LETTER_ID: Final = "recado-letter-id"
"""Tells in a dump which letter of the dead-letter service it is a copy of."""

_UNSAFE: Final = re.compile(r"[^a-zA-Z0-9._-]+")
_LONGEST_ID: Final = 150
_NOT_SENT: Final = frozenset(
    {
        LETTER_ID,
        "consumer_tag",
        "delivery_mode",
        "exchange",
        "persistent",
        "priority",
        "routing_key",
    }
)
"""What dumps add, and what Zocalo's transports put among the headers of what they hand
over."""


@dataclass(frozen=True, slots=True)
class Dump:
    """What a dump file holds: header values are of any type, the body is exact."""

    header: Mapping[str, Any]
    body: bytes
    key: str
    """The same for the same file, and for no other."""

    @property
    def destination(self) -> Destination:
        """Where its message was sent to before it died.

        Raises:
            SchemaError: if nothing in the header tells.
        """
        found = destination(self.header)
        if found is None:
            problem = Problem("header", "tells of no queue that the message died on")
            raise SchemaError("dump", [problem])
        return found

    @property
    def message(self) -> Message:
        """Its message, ready to be sent again.

        One that has no id gets one that derives from the file: sent twice, since a crash
        came in between, it is one message.
        """
        headers = {name: _text(value) for name, value in self.header.items()}
        renewed = revived if self.letter else restored
        own = {
            name: value
            for name, value in moved(renewed(headers, as_id(self.key))).items()
            if name not in _NOT_SENT
        }
        return Message(self.body, own | {REINJECTED: "True"})

    @property
    def letter(self) -> str:
        """The id of the dead letter, if the dead-letter service keeps it."""
        return _text(self.header.get(LETTER_ID))


def header_of(message: Message, death: Death, wording: Wording) -> dict[str, Any]:
    """Return the header of a message's dump, with its death in a broker's words."""
    return {**without_deaths(message.headers), **words(message, death, wording)}


def written(header: Mapping[str, Any], body: bytes, now: float) -> bytes:
    """Return the content of a dump file."""
    exported = time.localtime(now)
    content: dict[str, Any] = {
        "exported": {
            "date": time.strftime("%Y-%m-%d", exported),
            "time": time.strftime("%H:%M:%S", exported),
        },
        "header": dict(header),
        "message": _shown(body),
    }
    if _bytes_of(json.loads(_canonical(content["message"]))) != body:
        content["body"] = base64.b64encode(body).decode()
    return json.dumps(content, indent=2, sort_keys=True).encode()


def file_name(message_id: str, at: float) -> tuple[str, str]:
    """Return a dump's folder and file name: of the day and the moment of the death."""
    day, milliseconds = time.localtime(at), int(at * 1000) % 1000
    id_ = _UNSAFE.sub("_", message_id)[:_LONGEST_ID]
    moment = time.strftime("%Y%m%d-%H%M%S", day)
    folder = time.strftime("%Y-%m-%d", day)
    return folder, f"msg-{moment}-{milliseconds:03d}-{id_}"


def read_dump(content: bytes) -> Dump:
    """Return what a dump file holds, recado's or Zocalo's.

    Raises:
        SchemaError: with every problem, if it is no dump.
    """
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SchemaError("dump", [Problem("", f"not JSON: {error}")]) from error
    problems = _problems(value)
    if problems:
        raise SchemaError("dump", problems)
    fields = cast("dict[str, Any]", value)
    return Dump(fields["header"], _body(fields), sha256(content).hexdigest())


def _problems(value: object) -> list[Problem]:
    if not isinstance(value, dict):
        return [Problem("", f"must be an object, not {type(value).__name__}")]
    fields = cast("dict[str, Any]", value)
    found: list[Problem] = []
    if not isinstance(fields.get("header"), dict):
        found.append(Problem("header", "must be an object"))
    elif not _is_text(json.dumps(fields["header"], ensure_ascii=False)):
        found.append(Problem("header", "holds half a character, which nobody can send"))
    if "message" not in fields:
        found.append(Problem("message", "is missing"))
    if not isinstance(fields.get("body", ""), str):
        found.append(Problem("body", "must be a text in base64"))
    return found


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _body(fields: Mapping[str, Any]) -> bytes:
    if "body" in fields:
        try:
            exact = base64.b64decode(fields["body"], validate=True)
        except (binascii.Error, ValueError) as error:
            problem = Problem("body", f"not base64: {error}")
            raise SchemaError("dump", [problem]) from error
        if _canonical(_shown(exact)) == _canonical(fields["message"]):
            return exact
    return _bytes_of(fields["message"])


def _shown(body: bytes) -> Any:
    """Return a body as it stands in a dump: its JSON value, or else a text."""
    try:
        value = decode(body)
        _canonical(value)
    except (SchemaError, ValueError):  # the latter for numbers of thousands of digits
        return body.decode(errors="backslashreplace")
    return value


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _bytes_of(value: object) -> bytes:
    try:
        return encode(value)
    except SchemaError:  # half a character, or deeper than recado's own messages may be
        return json.dumps(value).encode()


def _text(value: object) -> str:
    """Return a header's value, whatever its type, as a text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | dict):
        return json.dumps(value)
    return "" if value is None else str(value)
