"""A message: a body and headers, and the names of the headers that recado reads.

Every header is a string on every transport, and one that recado does not know is carried
on. A recipe message has Zocalo's format; what is recado's own rides in headers that others
ignore.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pydantic_core import from_json, to_json

from recado.errors import Problem, SchemaError
from recado.ids import new_id

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

RECIPE: Final = "workflows-recipe"
ID: Final = "recado-id"
PARENT: Final = "recado-parent"
RUN: Final = "recado-run"
TYPE: Final = "recado-type"
ATTEMPT: Final = "recado-attempt"
RETRIES: Final = "recado-retries"
ADOPTED: Final = "recado-adopted"
HISTORY: Final = "recado-history"
LETTER: Final = "recado-letter"
REPLY_TO: Final = "recado-reply-to"
CORRELATION: Final = "recado-correlation"
ERROR: Final = "recado-error"

LOWEST, NORMAL, HIGHEST = 0, 4, 9
"""Priorities; a message with a higher one is delivered first."""


# Not frozen: a frozen dataclass costs three times as much to make, and a message is made
# for every hop. Nothing in recado changes one after it was made.
@dataclass(slots=True)
class Message:
    """A body and headers; ``payload`` is what a service's handler looks at."""

    body: bytes
    headers: Mapping[str, str]
    payload: Any = None

    @property
    def id(self) -> str:
        """The message's id; empty for one that came from elsewhere without any."""
        return self.headers.get(ID, "")

    @property
    def run(self) -> str:
        """The run that the message belongs to; empty for none."""
        return self.headers.get(RUN, "")

    @property
    def is_recipe(self) -> bool:
        """Whether the body is a recipe envelope, by the header's values that Zocalo takes."""
        return self.headers.get(RECIPE, "").lower() in {"true", "1"}


@dataclass(slots=True)
class Outgoing:
    """A message on its way out: where to, and how.

    ``queue`` is a topic's name if ``is_topic``. ``mandatory`` says whether it is an error
    that nobody has declared the queue; for a reply it is not: whoever asked may be gone.
    ``exchange`` is one of RabbitMQ's to go through, with the queue's name as the key; a
    delayed message, and one on another broker, goes straight to the queue.
    """

    queue: str
    message: Message
    delay_s: float = 0.0
    priority: int = NORMAL
    expires_s: float | None = None
    is_topic: bool = False
    mandatory: bool = True
    exchange: str = ""


def encode(value: object) -> bytes:
    """Return a value as JSON; pydantic models, dates, UUIDs and decimals included.

    Raises:
        SchemaError: if something in the value has no JSON form.
    """
    try:
        return to_json(value, inf_nan_mode="constants")
    except ValueError as error:
        raise SchemaError("message", [Problem("", str(error))]) from error


def decode(body: bytes) -> Any:
    """Return the value that a JSON body holds.

    Raises:
        SchemaError: if the body is not JSON, or nested too deeply to be read.
    """
    try:
        return from_json(body)
    except ValueError as error:
        raise SchemaError("body", [Problem("", f"not JSON: {error}")]) from error


def typed_message(
    type_: str, value: object, *, id_: str | None = None, **headers: str
) -> Message:
    """Return a message that is not a recipe's: ``recado-type`` says what it holds."""
    return Message(encode(value), {ID: id_ or new_id(), TYPE: type_} | headers)
