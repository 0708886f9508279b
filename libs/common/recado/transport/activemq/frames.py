"""Frames of STOMP 1.1: written in one go, read by finding and slicing.

Version 1.1, not 1.2: with 1.2, ActiveMQ 5.17 keeps an entry in its memory for each
acknowledgement that was part of a transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MAX_FRAME: Final = 256 * 1024 * 1024
"""A frame that claims to be larger is no frame of ours: the stream is broken."""
_MAX_HEAD: Final = 16 * 1024 * 1024


class BrokenStreamError(ValueError):
    """Raised when what comes in cannot be frames of STOMP."""


@dataclass(slots=True)
class Frame:
    """A command with its headers, and a body."""

    command: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(slots=True)
class _Head:
    """What was read of a frame whose body is not complete."""

    frame: Frame
    start: int
    length: int
    """Of the body; -1 if it ends at the first zero byte."""


def frame(command: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """Return a frame as it is sent."""
    return b"".join((frame_head(command, headers), b"\n", body, b"\0"))


def frame_head(command: str, headers: Mapping[str, str]) -> bytes:
    """Return how a frame begins: the command and some of its headers."""
    lines = [f"{escaped(key)}:{escaped(value)}\n" for key, value in headers.items()]
    return f"{command}\n{''.join(lines)}".encode()


def escaped(text: str) -> str:
    """Return a header's name or value as it stands in a frame."""
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\n" in text:
        text = text.replace("\n", "\\n")
    if ":" in text:
        text = text.replace(":", "\\c")
    return text


def _unescaped(text: str) -> str:
    parts = text.split("\\\\")
    return "\\".join([x.replace("\\c", ":").replace("\\n", "\n") for x in parts])


@dataclass(slots=True)
class FrameParser:
    """Makes frames of what comes in, in pieces of any size.

    It has the two methods of aiostomp's own parser that a connection uses to read.
    """

    _buffer: bytearray = field(default_factory=bytearray)
    _scanned: int = 0
    _head: _Head | None = None
    _frames: list[Frame] = field(default_factory=list[Frame])

    def pop_frames(self) -> list[Frame]:
        """Return the frames that are complete, once."""
        frames, self._frames = self._frames, []
        return frames

    def feed_data(self, data: bytes) -> None:
        """Take what came in.

        Raises:
            BrokenStreamError: if it cannot be what a broker sends.
        """
        self._buffer += data
        position = 0
        while (end := self._take(position)) is not None:
            position = end
        if position:
            del self._buffer[:position]
            self._scanned = max(self._scanned - position, 0)
            if self._head is not None:
                self._head.start -= position

    def _take(self, position: int) -> int | None:
        """Take the frame that begins somewhere; return where it ends, if it is complete."""
        head = self._head
        if head is None:
            head = self._read_head(position)
            if head is None:
                return None
            self._head = head
        end = self._end(head)
        if end is None:
            return None
        head.frame.body = bytes(memoryview(self._buffer)[head.start : end])
        self._frames.append(head.frame)
        self._head = None
        self._scanned = end + 1
        return end + 1

    def _read_head(self, position: int) -> _Head | None:
        buffer, size = self._buffer, len(self._buffer)
        while position < size and buffer[position] in b"\r\n":  # heart-beats
            position += 1
        found = buffer.find(b"\n\n", max(position, self._scanned - 1))
        if found < 0:
            self._scanned = size
            if size - position > _MAX_HEAD:
                raise BrokenStreamError("headers without an end")
            return None
        command, *lines = buffer[position:found].decode(errors="replace").split("\n")
        headers = _headers(lines)
        length = headers.get("content-length", "-1")
        if length != "-1" and not (length.isascii() and length.isdecimal()):
            raise BrokenStreamError(f"content-length is {length[:40]!r}")
        if int(length) > MAX_FRAME:
            raise BrokenStreamError(f"a frame of {length} bytes")
        self._scanned = found + 2
        return _Head(Frame(command.rstrip("\r"), headers), found + 2, int(length))

    def _end(self, head: _Head) -> int | None:
        """Return where the zero byte is that ends a frame; none if it is not there yet."""
        size = len(self._buffer)
        if head.length < 0:
            end = self._buffer.find(b"\0", max(head.start, self._scanned))
            self._scanned = size
            return end if end >= 0 else None
        end = head.start + head.length
        if end >= size:
            return None
        if self._buffer[end]:
            raise BrokenStreamError("a body is longer than its content-length")
        return end


def _headers(lines: list[str]) -> dict[str, str]:
    """Return headers; of one that is repeated the first counts, a broken one is left out."""
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            continue
        if "\\" in line:
            name, value = _unescaped(name), _unescaped(value)
        headers.setdefault(name, value)
    return headers
