"""What the dispatcher asks the event store: whose key it is, and who may start."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256

from recado.clients.eventlog import EventLog
from recado.errors import (
    ConflictError,
    NotFoundError,
    RemoteError,
    RequestTimeoutError,
    UnroutableError,
)
from recado.events import KEY_CLAIMED, KEY_STREAM, Event
from recado.ids import derived_id
from recado.retry import Reject
from recado.starting import Request
from recado_dispatcher.waiting import NotYet


class TakenError(Reject):
    """Raised for a request whose key another one has, which asked for something else."""

    def __init__(self, key: str, run: str) -> None:
        self.run = run
        """The run that has the key."""
        super().__init__(
            f"idempotency key {key!r} belongs to run {run}, "
            "which was asked for something else"
        )


async def claimed(log: EventLog, request: Request, now: float) -> str:
    """Claim a request's idempotency key; return the run that has it if it is done with.

    The claim is an event at the beginning of the key's stream, so of all who claim a key
    at the same time one has it. A request that comes again has it already.

    Raises:
        TakenError: if another request, which asked for something else, has the key.
        NotYet: if the event store is away.
    """
    claim = claim_of(request, now)
    with _asking():
        try:
            await log.append([claim], {claim.stream: "no_stream"})
        except ConflictError:
            (first,) = (await log.read(claim.stream, limit=1)).events
            run = str(first.data["run"])
            if first.data["wanted"] == claim.data["wanted"]:
                return run
            raise TakenError(request.said.idempotency_key, run) from None
        return request.run if await _is_started(log, request) else ""


def claim_of(request: Request, now: float) -> Event:
    """Return the event that claims a request's idempotency key."""
    key = request.said.idempotency_key
    return Event(
        derived_id(request.id, "claim"),
        f"{KEY_STREAM}{sha256(key.encode()).hexdigest()}",
        KEY_CLAIMED,
        {
            "key": key,
            "request": request.id,
            "run": request.run,
            "wanted": request.wanted,
        },
        now,
    )


async def admit(log: EventLog, request: Request, limit: int) -> None:
    """Let a request pass if its submitter may have one run more at work.

    Raises:
        NotYet: if not, or if the event store is away.
    """
    with _asking():
        reply = await log.admit(request.run, request.said.user, limit)
    if not reply.is_admitted:
        raise NotYet("limit", reply.text)


async def _is_started(log: EventLog, request: Request) -> bool:
    try:
        run = await log.run(request.run)
    except NotFoundError:
        return False
    return run.request == request.id


@contextmanager
def _asking() -> Generator[None]:
    try:
        yield
    except (RequestTimeoutError, UnroutableError, RemoteError) as error:
        raise NotYet("no_store", f"the event store: {error}") from error
