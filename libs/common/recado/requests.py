"""Requests and their replies: how a refusal travels, and how to ask.

A refusal is a reply with the header ``recado-error``, a code such as ``not_found``, and a
body that says what is wrong. Whoever asked gets it raised as the error that it was.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from recado.errors import (
    ConflictError,
    NotFoundError,
    Problem,
    ProblemsError,
    RecadoError,
    RemoteError,
    SchemaError,
)
from recado.ids import derived_id
from recado.letter import cleaned, describe
from recado.message import (
    CORRELATION,
    ERROR,
    ID,
    REPLY_TO,
    TYPE,
    Message,
    Outgoing,
    decode,
    encode,
    typed_message,
)
from recado.retry import Reject
from recado.validation import validated

if TYPE_CHECKING:
    from recado.transport.base import Transport

M = TypeVar("M", bound=BaseModel)

REPLY_KEPT_S = 60.0
"""A reply that nobody fetched is gone after this time."""


async def ask(
    transport: Transport,
    queue: str,
    type_: str,
    value: object,
    *,
    model: type[M],
    timeout_s: float = 5.0,
    id_: str | None = None,
) -> M:
    """Send a request to a queue and return the reply to it.

    ``id_`` is the request's own id, for whoever asks the same once more.

    Raises:
        NotFoundError, SchemaError, ConflictError: as the service raised it.
        RemoteError: if the service refused for another reason; ``code`` says which.
        RequestTimeoutError: if no reply came in time.
        UnroutableError: if nobody has declared the queue.
    """
    request = typed_message(type_, value, id_=id_)
    reply = await transport.request(queue, request, timeout_s=timeout_s)
    return validated(model, answer_in(reply), f"reply to {type_}")


def answer_in(reply: Message) -> Any:
    """Return what a reply says.

    Raises:
        RecadoError: if the reply is a refusal.
    """
    content = decode(reply.body)
    if code := reply.headers.get(ERROR):
        raise _refused(code, content)
    return content


def reply_to(request: Message, value: object) -> Outgoing | None:
    """Return the reply to a request; none if it does not say where to."""
    return _reply(request, encode(value), {})


def refusal_of(request: Message, code: str, error: BaseException) -> Outgoing | None:
    """Return the reply that refuses a request; none if it does not say where to."""
    body = encode({"error": code} | _facts(error))
    return _reply(request, body, {ERROR: code})


def code_of(error: BaseException) -> str:
    """Return the word for an error: ``not_found`` for a ``NotFoundError``."""
    if isinstance(error, RemoteError):
        return error.code
    name = type(error).__name__.removesuffix("Error")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _reply(request: Message, body: bytes, headers: dict[str, str]) -> Outgoing | None:
    queue = request.headers.get(REPLY_TO)
    if not queue:
        return None
    headers |= {
        ID: derived_id(request.id, "reply"),
        TYPE: request.headers.get(TYPE, ""),
        CORRELATION: request.headers.get(CORRELATION) or request.id,
    }
    # Whoever asked may be gone, and their queue with them.
    message = Message(body, headers)
    return Outgoing(queue, message, expires_s=REPLY_KEPT_S, mandatory=False)


def _facts(error: BaseException) -> dict[str, Any]:
    if isinstance(error, ProblemsError):
        return {"text": cleaned(error.what), "problems": _listed(error.problems)}
    if isinstance(error, RemoteError):
        return {"text": cleaned(error.text), "problems": _listed(error.problems)}
    if isinstance(error, ConflictError):
        return {
            "text": cleaned(str(error)),
            "stream": error.stream,
            "expected": error.expected,
            "actual": error.actual,
        }
    if isinstance(error, RecadoError | Reject):
        return {"text": cleaned(str(error))}
    return {"text": describe(error)[0]}


def _listed(problems: tuple[Problem, ...]) -> list[dict[str, str]]:
    return [
        {"path": cleaned(problem.path), "text": cleaned(problem.text)}
        for problem in problems
    ]


class _Problem(BaseModel):
    path: str = ""
    text: str = ""


class _Refusal(BaseModel):
    """What is read of a refusal; whoever sent it may be of another version."""

    text: str = ""
    problems: list[_Problem] = []
    stream: str | None = None
    expected: int | str = ""
    actual: int = 0


def _refused(code: str, content: object) -> RecadoError:
    try:
        said = _Refusal.model_validate(content)
    except ValidationError:
        return RemoteError(code, f"a refusal that cannot be read: {content!r:.200}")
    problems = [Problem(each.path, each.text) for each in said.problems]
    match code:
        case "not_found":
            return NotFoundError(said.text)
        case "schema":
            return SchemaError(said.text, problems)
        case "conflict" if said.stream is not None:
            return ConflictError(said.stream, said.expected, said.actual)
        case _:
            return RemoteError(code, said.text, problems)
