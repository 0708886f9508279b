"""A mail: from a message's parameters, content and payload to what is sent."""

from __future__ import annotations

import pprint
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final, cast

from pydantic import BaseModel, Field

from recado.envelope import Envelope
from recado.errors import Problem, SchemaError, nearest
from recado.ids import as_id
from recado.message import Json, Message, decode
from recado.recipe.templates import FaultError, UnknownNameError, fields, filled
from recado.validation import validated

SUBJECT: Final = "mail notification via recado"
RESENDS_LIMIT: Final = 8
ALL: Final = "all"
SELECT: Final = "select"
_UNFIT: Final = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What Python's parser raises for an address that is none."""


class Parameters(BaseModel):
    """What a step, or a plain message, says of a mail.

    Recipients are an address, a list of them, or groups by name, of which ``select`` names
    one; those of the group ``all`` are always added.
    """

    recipients: str | list[str] | dict[str, str | list[str]] | None = None
    recipient: str | list[str] | dict[str, str | list[str]] | None = None
    sender: str | None = Field(default=None, alias="from", min_length=1)
    subject: str = SUBJECT
    content: str | list[str] | None = None
    resends: int = Field(
        default=0, ge=0, description="How often it was put off already"
    )


class Plain(BaseModel):
    """A message without a recipe."""

    parameters: Parameters
    content: str | list[str] | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that is ready to be sent."""

    id: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    resends: int = 0

    def only_to(self, recipients: Sequence[str]) -> dict[str, Any]:
        """Return the message that has this mail sent again, to some of its recipients."""
        return {
            "parameters": {
                "recipients": list(recipients),
                "from": self.sender,
                "subject": _escaped(self.subject),
                "resends": self.resends + 1,
            },
            "content": _escaped(self.text),
        }

    def encoded(self, now: float) -> EmailMessage:
        """Return the mail in the form of RFC 5322.

        Raises:
            SchemaError: for an address or a subject that has none.
        """
        mail = EmailMessage()
        try:
            mail["Subject"] = self.subject
            mail["To"] = ", ".join(self.recipients)
            mail["From"] = self.sender
            mail["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
            # The same one each time that the message is handled: programs show it once.
            mail["Message-ID"] = f"<{as_id(self.id)}@recado>"
            mail.set_content(self.text)
        except _UNFIT as error:
            raise SchemaError("mail", [Problem("parameters", str(error))]) from error
        return mail


def mail_of(message: Message, sender: str) -> Mail:
    """Return the mail that a message asks for; ``sender`` is for one that names none.

    Raises:
        SchemaError: with every problem of what it says.
    """
    parameters, content, payload = _parts(message)
    found = [*_recipients(parameters)]
    problems = [each for each in found if isinstance(each, Problem)]
    text = content if parameters.content is None else parameters.content
    if not text:
        problems.append(Problem("parameters.content", "is missing: nothing to be sent"))
    values = {"payload": payload, "pprint_payload": _pretty(payload)}
    try:
        filled_in = _filled("".join(text or ""), values)
        subject = " ".join(_filled(parameters.subject, values).split())
    except FaultError as error:
        problems.append(Problem("parameters.content", str(error)))
    else:
        if not problems:
            recipients = sorted({each for each in found if isinstance(each, str)})
            return Mail(
                message.id,
                parameters.sender or sender,
                tuple(recipients),
                subject,
                filled_in,
                parameters.resends,
            )
    raise SchemaError("mail", problems)


def _parts(message: Message) -> tuple[Parameters, str | list[str] | None, Json]:
    if message.is_recipe:
        envelope = Envelope.read(message)
        given: object = envelope.step.get("parameters") or {}
        return (
            validated(Parameters, given, "mail", "parameters"),
            None,
            envelope.payload,
        )
    body = decode(message.body)
    plain = validated(Plain, body, "mail")
    return plain.parameters, plain.content, body


def _recipients(parameters: Parameters) -> Iterator[str | Problem]:
    path = "parameters.recipients"
    given = parameters.recipients or parameters.recipient
    if not given:
        yield Problem(path, "is missing: nobody to be sent to")
    elif isinstance(given, dict):
        yield from _selected(given, path)
    else:
        yield from _listed(given)


def _selected(
    groups: Mapping[str, str | list[str]], path: str
) -> Iterator[str | Problem]:
    chosen = groups.get(SELECT)
    if not isinstance(chosen, str):
        text = f"groups of recipients need {SELECT!r}, the name of one of them"
        yield Problem(path, text)
        return
    found = [*_listed(groups.get(chosen, [])), *_listed(groups.get(ALL, []))]
    yield from found
    if not found:
        known = groups.keys() - {SELECT, ALL}
        text = f"the group {chosen!r} has nobody in it{nearest(chosen, known)}"
        yield Problem(path, text)


def _listed(given: str | list[str]) -> list[str]:
    return [each for each in ([given] if isinstance(given, str) else given) if each]


def _pretty(payload: Json) -> str:
    if isinstance(payload, list) and all(isinstance(each, str) for each in payload):
        return "\n".join(cast("list[str]", payload))
    return pprint.pformat(payload)


def _filled(text: str, values: Mapping[str, Json]) -> str:
    parts: list[str] = []
    for part in fields(text):
        if isinstance(part, str):
            parts.append(part)
            continue
        try:
            parts.append(filled(part, values))
        except UnknownNameError:
            parts.append(part.text)
    return "".join(parts)


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
