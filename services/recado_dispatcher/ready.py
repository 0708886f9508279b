"""Ready checks: how long a request waits until they say yes, and what becomes of it then."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from recado.envelope import Envelope
from recado.errors import Problem, RefusedError, SchemaError, UnroutableError
from recado.ids import derived_id
from recado.message import ADOPTED, ID, PARENT, RECIPE, RUN, Message, Outgoing, encode
from recado.retry import Reject
from recado.schemas.dispatch import ERROR_QUEUE, EXPIRATION, TIMEOUT
from recado.starting import Request
from recado.transport.base import Transport
from recado_dispatcher.calling import Caller
from recado_dispatcher.filtering import as_zocalo, copied
from recado_dispatcher.plugins import Plugin
from recado_dispatcher.waiting import NotYet

TIMEOUT_S: Final = 120.0
_LONGEST_S: Final = 366 * 86_400.0
_LONGEST_QUEUE: Final = 255


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request may wait to be ready, by Zocalo's parameters for that."""

    timeout_s: float
    ends_at: float
    error_queue: str
    """Where it goes when it is not ready by then; empty for the dead letters."""

    @classmethod
    def read(cls, parameters: Mapping[str, Any], now: float) -> Patience:
        """Return what the parameters say; an end beyond the time limit is not believed.

        Raises:
            SchemaError: with every one of them that cannot be used.
        """
        problems: list[Problem] = []
        timeout_s = _seconds(parameters, TIMEOUT, TIMEOUT_S, _LONGEST_S, problems)
        latest = now + timeout_s
        ends_at = _seconds(parameters, EXPIRATION, latest, math.inf, problems)
        queue = parameters.get(ERROR_QUEUE) or ""
        if not isinstance(queue, str) or len(queue.encode()) > _LONGEST_QUEUE:
            text = f"must be a queue's name, not {queue!r:.80}"
            problems.append(Problem(f"parameters.{ERROR_QUEUE}", text))
        if problems:
            raise SchemaError("request", problems)
        return cls(timeout_s, min(ends_at, latest), queue)


def _seconds(
    parameters: Mapping[str, Any],
    name: str,
    default: float,
    highest: float,
    problems: list[Problem],
) -> float:
    value = parameters.get(name)
    if value is None:
        return default
    try:
        # `go -s` gives every parameter as a text.
        seconds = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if 0 <= seconds <= highest and math.isfinite(seconds):
        return seconds
    most = "" if math.isinf(highest) else f", {highest:.0f} at most"
    text = f"must be a number of seconds{most}, not {value!r:.80}"
    problems.append(Problem(f"parameters.{name}", text))
    return default


class Elsewhere(Exception):  # noqa: N818 - a verdict, not a fault
    """Raised for a request that goes to the error queue it names, as it is not ready."""

    def __init__(self, queue: str, text: str) -> None:
        self.queue = queue
        super().__init__(text)


async def check_ready(
    checks: Sequence[Plugin],
    request: Request,
    caller: Caller,
    transport: Transport,
    now: float,
) -> None:
    """Let a request pass if all ready checks say yes.

    Raises:
        NotYet: if one says no, and there is time left.
        Elsewhere: if there is none, and the request names an error queue.
        SchemaError, Reject: if it names none that there is, or its parameters are wrong.
        PluginError: if a check fails.
    """
    for check in checks:
        given: tuple[Any, ...] = (copied(request),)
        if check.is_zocalo:
            given = as_zocalo(given[0])
        if not await caller.call(check, *given):
            await _not_ready(check, request, transport, now)


async def _not_ready(
    check: Plugin, request: Request, transport: Transport, now: float
) -> None:
    patience = Patience.read(request.parameters, now)
    if now < patience.ends_at:
        raise NotYet(
            "not_ready",
            f"{check.title} says no",
            until=patience.ends_at,
            parameters={EXPIRATION: patience.ends_at},
        )
    text = f"not ready after {patience.timeout_s:g} s: {check.title} says no"
    queue = patience.error_queue
    if not queue:
        raise Reject(text)
    try:
        await transport.declare([queue], "verify")
    except (RefusedError, UnroutableError) as error:
        raise Reject(f"{text}; {ERROR_QUEUE} {queue!r} is not declared") from error
    raise Elsewhere(queue, f"{text}; it went to {queue!r}")


def sent_elsewhere(message: Message, request: Request, queue: str) -> Outgoing:
    """Return a request as it goes to its error queue: a message of no run, as it came."""
    body = message.body
    if message.is_recipe:
        body = encode(Envelope.read(message).payload)
    headers = {k: v for k, v in message.headers.items() if k not in _OF_RUNS}
    headers |= {ID: derived_id(message.id, "elsewhere"), PARENT: message.id}
    return Outgoing(queue, Message(body, headers), priority=request.said.priority)


_OF_RUNS: Final = frozenset({RECIPE, RUN, ADOPTED})
