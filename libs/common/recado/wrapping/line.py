"""The line between a job and ``recado wrap``: JSON, a line each, on file descriptor 3.

What has a number ``n`` is answered under that number, once it is safe on disk; so a shell
script may say things as well, and need not listen::

    echo '{"send": "updates", "payload": "half way"}' >&3
"""

from __future__ import annotations

import socket
from threading import Lock
from typing import Any, Final

from recado.errors import RecadoError
from recado.message import decode, encode

FD: Final = 3
LONGEST: Final = 16 * 1024 * 1024
"""Bytes of a line, at most."""


class LineError(RecadoError):
    """Raised when ``recado wrap`` does not take what a job says."""


class HungUpError(LineError):
    """Raised when ``recado wrap`` is gone: nobody hears what the job says."""

    def __init__(self, reason: str = "it has hung up") -> None:
        super().__init__(f"recado wrap is gone: {reason}")


class Line:
    """The job's end of the line; any of its threads may speak."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._answers = end.makefile("rb")
        self._lock = Lock()
        self._said = 0

    @classmethod
    def inherited(cls) -> Line:
        """Return the line that this process was started with."""
        return cls(socket.socket(fileno=FD))

    def heard(self) -> Any:
        """Return the next thing that ``recado wrap`` says.

        Raises:
            HungUpError: if it is gone.
        """
        try:
            line = self._answers.readline()
        except OSError as error:
            raise HungUpError(str(error)) from error
        if not line:
            raise HungUpError
        return decode(line)

    def say(self, **what: object) -> None:
        """Say something, and return when it is safe.

        Raises:
            LineError: if it is not taken.
            HungUpError: if nobody is there to take it.
            SchemaError: if it has no JSON form.
        """
        with self._lock:
            self._said += 1
            line = encode({"n": self._said, **what}) + b"\n"
            if len(line) > LONGEST:
                text = (
                    f"{len(line)} bytes are too much to say; at most {LONGEST} can be"
                )
                raise LineError(text)
            try:
                self._end.sendall(line)
            except OSError as error:
                raise HungUpError(str(error)) from error
            answer = self.heard()
        if text := answer.get("error"):
            raise LineError(str(text))
