"""The JSON-lines sink: a payload becomes a line of the file that its step names, or many."""

from __future__ import annotations

import json
from typing import Any, ClassVar, cast

from pydantic import BaseModel, Field

from recado.errors import Problem, SchemaError
from recado.message import Message
from recado.retry import Reject, RetryPolicy
from recado.service import Service
from recado.step import Step
from recado_sinks.lines import Folders, Lines, UnfitFileError
from recado_sinks.place import OutsideError, place
from recado_sinks.writers import Writers


class Target(BaseModel):
    """The step's parameters: the file, and what of a payload goes into it.

    With ``each`` the items of the list under that key are written, a line for each one.
    With ``include`` only its keys are written, without those of ``exclude`` in any case.
    """

    output_filename: str = Field(min_length=1)
    each: str | None = None
    include: list[str] = Field(default_factory=list[str])
    exclude: list[str] = Field(default_factory=list[str])


class JsonLines(Service):
    """Appends payloads to files, one line of JSON each; a message is done when it is on disk.

    Messages that arrive while a file is written are written together next. One file that
    cannot be written keeps no other waiting.
    """

    name = "jsonlines"
    queue = "jsonlines"
    parameters = Target
    # As many lines as one write to the disk is shared by.
    concurrency: ClassVar[int] = 200
    # A full disk is given some hours to be noticed.
    retry = RetryPolicy(attempts=18, cap_s=1200.0)

    async def started(self) -> None:
        """Find the folder that files may be in."""
        self.root = self.context.settings.outputs
        self.writers = Writers(Folders().append)

    async def stopped(self) -> None:
        """Let go of the threads."""
        self.writers.close()

    def status(self) -> dict[str, Any]:
        """Tell how many lines were written, and in how many folders some wait."""
        return {"lines": self.writers.written, "busy_folders": self.writers.busy}

    async def handle(self, message: Message, step: Step) -> None:
        """Write one payload; returns when it is on disk."""
        target = cast("Target", step.parameters)
        lines = Lines(message.id, texts_of(message.payload, target))
        try:
            path = place(self.root, target.output_filename)
            await self.writers.add(path, lines)
        except (OutsideError, UnfitFileError) as error:
            raise Reject(str(error)) from error


def texts_of(payload: Any, target: Target) -> tuple[bytes, ...]:
    """Return a payload's lines, with the keys that are wanted.

    Raises:
        SchemaError: if there is no list to write each of, or an item has no keys to choose.
    """
    if target.each is None:
        return (_text(payload, "payload", target),)
    path = f"payload.{target.each}"
    match payload:
        case {target.each: [*items]}:
            return tuple(
                _text(item, f"{path}[{number}]", target)
                for number, item in enumerate(items)
            )
        case _:
            text = "must be a list, to write each of its items as a line"
            raise SchemaError("message", [Problem(path, text)])


def _text(value: Any, path: str, target: Target) -> bytes:
    if target.include or target.exclude:
        if not isinstance(value, dict):
            text = f"must be an object to choose keys of, not {type(value).__name__}"
            raise SchemaError("message", [Problem(path, text)])
        value = _chosen(cast("dict[str, Any]", value), target)
    return json.dumps(value).encode() + b"\n"


def _chosen(payload: dict[str, Any], target: Target) -> dict[str, Any]:
    include, exclude = set(target.include), set(target.exclude)
    return {
        key: value
        for key, value in payload.items()
        if (not include or key in include) and key not in exclude
    }
