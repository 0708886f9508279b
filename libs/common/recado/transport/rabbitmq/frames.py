"""Frames: the bytes of AMQP 0-9-1 for what is done for every message, and nothing else.

A message is published, delivered, returned, confirmed and acknowledged here; everything
that is rare is left to aio-pika. Nothing in here does I/O.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct, error
from typing import Any, Final

from pamqp import decode

from recado.errors import RefusedError

METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
"""The kinds of frames."""
END: Final = b"\xce"

CHANNEL_CLOSE: Final = 20 << 16 | 40
CONNECTION_CLOSE: Final = 10 << 16 | 50
BLOCKED: Final = 10 << 16 | 60
UNBLOCKED: Final = 10 << 16 | 61
RETURN: Final = 60 << 16 | 50
CANCEL: Final = 60 << 16 | 30
DELIVER: Final = 60 << 16 | 60
ACK: Final = 60 << 16 | 80
NACK: Final = 60 << 16 | 120
"""Methods: class and number in one."""

FRAME: Final = Struct(">BHI")
"""What a frame begins with: its kind, its channel, the size of what follows."""
NUMBER: Final = Struct(">I")
CONFIRMATION: Final = Struct(">QB")
"""A tag and a bit: whether it is of all up to it, or whether it is a repeat."""
_ACKNOWLEDGEMENT: Final = Struct(">BHIIQBB")
_CONTENT: Final = Struct(">HHQH")

_SHORT_TEXTS_FIRST: Final = (0x8000, 0x4000)  # content type, encoding
_HEADERS, _MODE, _PRIORITY, _EXPIRATION = 0x2000, 0x1000, 0x0800, 0x0100
_SHORT_TEXTS_LATER: Final = (0x0400, 0x0200)  # correlation id, reply to
_PERSISTENT, _TRANSIENT = 2, 1
_TEXT: Final = ord("S")
_OVERHEAD: Final = 8
"""The bytes of a frame that are none of its content."""


@dataclass(slots=True, eq=False)
class Parcel:
    """A message on its way out, as AMQP sees it."""

    exchange: str
    key: str
    body: bytes
    headers: Mapping[str, str]
    priority: int
    is_mandatory: bool = True
    is_persistent: bool = True
    expiration_ms: int | None = None


@dataclass(slots=True, eq=False)
class Content:
    """A message that came, as AMQP tells of it; header values are what they are."""

    headers: dict[str, Any]
    priority: int | None
    size: int
    expiration: str


def acknowledgement(channel: int, tag: int, *, multiple: bool) -> bytes:
    """Return the frame that ends a delivery, or all up to it."""
    return _ACKNOWLEDGEMENT.pack(METHOD, channel, 13, ACK, tag, multiple, END[0])


def publication(parcel: Parcel, channel: int, limit: int) -> bytes:
    """Return the frames that publish a message; none is larger than the limit.

    Raises:
        RefusedError: if a name or the headers are larger than AMQP can carry.
    """
    content = _content(parcel)
    if len(content) + _OVERHEAD > limit:
        raise RefusedError(
            f"message to {parcel.key or parcel.exchange!r} has {len(content)} bytes of"
            f" headers; this broker takes at most {limit - _OVERHEAD}"
        )
    parts = [
        _method(channel, parcel.exchange, parcel.key, parcel.is_mandatory),
        FRAME.pack(HEADER, channel, len(content)),
        content,
        END,
    ]
    body, room = parcel.body, limit - _OVERHEAD
    if len(body) <= room:
        if body:
            parts += (FRAME.pack(BODY, channel, len(body)), body, END)
        return b"".join(parts)
    for start in range(0, len(body), room):
        part = body[start : start + room]
        parts += (FRAME.pack(BODY, channel, len(part)), part, END)
    return b"".join(parts)


@lru_cache(4_096)
def _method(channel: int, exchange: str, key: str, is_mandatory: bool) -> bytes:
    payload = b"".join(
        (
            NUMBER.pack(60 << 16 | 40),
            b"\0\0",
            short(exchange),
            short(key),
            b"\1" if is_mandatory else b"\0",
        )
    )
    return FRAME.pack(METHOD, channel, len(payload)) + payload + END


def _content(parcel: Parcel) -> bytes:
    flags = _HEADERS | _MODE | _PRIORITY
    table = _table(parcel.headers)
    mode = _PERSISTENT if parcel.is_persistent else _TRANSIENT
    tail = b""
    if parcel.expiration_ms is not None:
        flags |= _EXPIRATION
        tail = short(str(parcel.expiration_ms))
    return b"".join(
        (
            _CONTENT.pack(60, 0, len(parcel.body), flags),
            table,
            bytes((mode, parcel.priority)),
            tail,
        )
    )


def _table(headers: Mapping[str, str]) -> bytes:
    parts: list[bytes] = [b""]
    size = 0
    try:
        for name, value in headers.items():
            key, text = _name(name), value.encode()
            size += len(key) + 4 + len(text)
            parts += (key, NUMBER.pack(len(text)), text)
    except UnicodeEncodeError as wrong:
        raise RefusedError(f"a header is no text that can be sent: {wrong}") from wrong
    parts[0] = NUMBER.pack(size)
    return b"".join(parts)


@lru_cache(4_096)
def _name(name: str) -> bytes:
    return short(name) + b"S"


def short(text: str) -> bytes:
    """Return a short text as AMQP has it.

    Raises:
        RefusedError: if it is not short, or no text at all.
    """
    try:
        encoded = text.encode()
    except UnicodeEncodeError as wrong:
        raise RefusedError(f"{text!r} is no text that can be sent: {wrong}") from wrong
    if len(encoded) > 255:
        raise RefusedError(
            f"name {text[:40]!r}… has {len(encoded)} bytes; RabbitMQ takes at most 255"
        )
    return bytes((len(encoded),)) + encoded


def delivery(data: bytes, at: int) -> tuple[bytes, int, bool]:
    """Return what a deliver method tells: the consumer, the tag, and if it is a repeat."""
    end = at + 1 + data[at]
    tag, redelivered = CONFIRMATION.unpack_from(data, end)
    return data[at + 1 : end], tag, bool(redelivered)


def close_reason(data: bytes, at: int) -> str:
    """Return what a close method tells: its code and its text."""
    text, _ = _short(data, at + 2)
    return f"{int.from_bytes(data[at : at + 2])} {text}"


def returned(data: bytes, at: int) -> tuple[str, str]:
    """Return the exchange and the key of a message that could not be routed."""
    at += 2  # the reply's code
    at += 1 + data[at]  # and text
    exchange, at = _short(data, at)
    key, _ = _short(data, at)
    return exchange, key


def content(data: bytes, at: int) -> Content:
    """Return what a content header frame tells; ``at`` is where its content begins.

    Raises:
        ValueError: if it cannot be read.
    """
    try:
        return _read_content(data, at)
    except (error, IndexError, RecursionError) as wrong:
        raise ValueError(f"its header cannot be read: {wrong!r}") from wrong


def body_size(data: bytes, at: int) -> int:
    """Return how large the body is that a content header frame announces."""
    return int(_CONTENT.unpack_from(data, at)[2])


def _read_content(data: bytes, at: int) -> Content:
    _, _, size, flags = _CONTENT.unpack_from(data, at)
    at += _CONTENT.size
    headers: dict[str, Any] = {}
    priority: int | None = None
    expiration = ""
    for flag in _SHORT_TEXTS_FIRST:
        if flags & flag:
            at += 1 + data[at]
    if flags & _HEADERS:
        headers, at = _headers(data, at)
    if flags & _MODE:
        at += 1
    if flags & _PRIORITY:
        priority = data[at]
        at += 1
    for flag in _SHORT_TEXTS_LATER:
        if flags & flag:
            at += 1 + data[at]
    if flags & _EXPIRATION:
        expiration, _ = _short(data, at)
    return Content(headers, priority, size, expiration)


def _headers(data: bytes, at: int) -> tuple[dict[str, Any], int]:
    (size,) = NUMBER.unpack_from(data, at)
    at += 4
    end = at + size
    headers: dict[str, Any] = {}
    while at < end:
        stop = at + 1 + data[at]
        name = data[at + 1 : stop].decode(errors="replace")
        if data[stop] == _TEXT:
            (length,) = NUMBER.unpack_from(data, stop + 1)
            at = stop + 5 + length
            headers[name] = data[stop + 5 : at].decode(errors="replace")
        else:
            used, headers[name] = decode.embedded_value(data[stop:end])
            at = stop + used
    return headers, end


def _short(data: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + data[at]
    return data[at + 1 : end].decode(errors="replace"), end


def as_text(value: Any) -> str:
    """Return a header's value, whatever its type was, as a text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray):
        return value.decode(errors="replace")
    if isinstance(value, list | dict):
        return json.dumps(value, default=as_text)
    return "" if value is None else str(value)
