"""What is done with a delivery, whatever its queue is for: tried, judged, ended."""

from __future__ import annotations

import asyncio
import inspect
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from recado.clock import Clock
from recado.envelope import Envelope
from recado.errors import ProblemsError, RefusedError
from recado.ids import as_id, new_id
from recado.message import ADOPTED, ID, LETTER, Message, Outgoing
from recado.retry import Reject, RetryPolicy
from recado.runtime import report
from recado.runtime.ending import NO_HEADERS, Ending
from recado.runtime.judge import (
    Attempt,
    Dead,
    HandlingTimeoutError,
    Judgement,
    Place,
    exhausted,
    judge,
)
from recado.runtime.threads import Threads
from recado.transport.base import DEAD_LETTERS, Delivery, Verdict
from recado.transport.sizes import check_sizes

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_DONE: Final = Verdict.DONE
_IS_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch


@dataclass(frozen=True, slots=True)
class Kit:
    """What all the work of one process is done with."""

    clock: Clock
    chance: Callable[[], float]
    threads: Threads
    log: FilteringBoundLogger
    timeout_s: float | None = None
    ceiling: int = sys.maxsize
    """Attempts after which the transport itself gives a message up."""


class Work(ABC):
    """Handles the deliveries of one queue; always comes to an ending."""

    size = 1
    """Deliveries that are taken together, at most."""

    def __init__(self, kit: Kit, place: Place) -> None:
        self.kit = kit
        self.place = place
        self.is_stopped = False
        """Whether the runtime has stopped what is going on."""

    async def end(self, delivery: Delivery) -> Ending:
        """Handle a delivery and return how it ends; raise nothing."""
        message = identified(delivery.message)
        try:
            over = self.exhausted(delivery, message)
            return over or await self.handled(delivery, message)
        # Whatever a message holds, it ends itself, and not the service.
        except BaseException as error:
            return self.failed(delivery, message, error, message.run)

    @abstractmethod
    async def handled(self, delivery: Delivery, message: Message) -> Ending:
        """Handle a message that has an id, and return how its delivery ends."""

    async def end_all(self, deliveries: Sequence[Delivery]) -> Sequence[Ending]:
        """Handle deliveries that were taken together; raise nothing."""
        return [await self.end(delivery) for delivery in deliveries]

    def is_told(self, message: Message, run: str) -> bool:
        """Whether the message's run is told how it ends here.

        Of a dead letter it is not: that the message died is its end, and told by whoever
        takes it from the dead letters.
        """
        return (
            message.is_recipe
            and bool(run)
            and LETTER not in message.headers
            and self.place.queue != DEAD_LETTERS
        )

    def failed(
        self,
        delivery: Delivery,
        message: Message,
        error: BaseException,
        run: str = "",
        step: int | None = None,
    ) -> Ending:
        """Return the ending of an attempt that raised an error."""
        if self.is_cancelled(error):
            return released(delivery)
        attempt = self._attempt(delivery, message, run, step)
        try:
            verdict = judge(error, attempt, self.kit.chance())
        except Exception:
            # What was raised cannot even be described.
            fault = Reject(f"cannot be told: {type(error).__qualname__}")
            verdict = judge(fault, attempt, 0.0)
        return self._judged(delivery, attempt, verdict, error)

    def is_cancelled(self, error: BaseException) -> bool:
        """Whether an error says that the runtime itself stops the work.

        Anybody can cancel a task, a handler its own too; that is a failure like others.
        """
        return self.is_stopped and isinstance(error, asyncio.CancelledError)

    def policy_for(self, message: Message) -> RetryPolicy:
        """Return how often a message is tried, and how long it waits in between."""
        return self.place.policy

    def exhausted(self, delivery: Delivery, message: Message) -> Ending | None:
        """Return the ending of a message that had all its attempts already."""
        if delivery.attempt == 1:
            return None
        attempt = self._attempt(delivery, message, message.run, pointer_of(message))
        dead = exhausted(attempt)
        return self._judged(delivery, attempt, dead, None) if dead else None

    def done(
        self,
        delivery: Delivery,
        message: Message,
        outgoing: Sequence[Outgoing],
        events: Sequence[bytes],
        run: str = "",
        step: int | None = None,
    ) -> Ending:
        """Return the ending of a message that was handled."""
        instead = partial(self._refused, delivery, message, run, step)
        # By position, all that is needed: made for every message.
        return Ending(
            delivery, _DONE, outgoing, NO_HEADERS, 0.0, "handled", events, instead
        )

    def _refused(
        self,
        delivery: Delivery,
        message: Message,
        run: str,
        step: int | None,
        error: Exception,
    ) -> list[Ending]:
        return [self.failed(delivery, message, error, run, step)]

    def _attempt(
        self, delivery: Delivery, message: Message, run: str, step: int | None
    ) -> Attempt:
        policy, place = self.policy_for(message), self.place
        return Attempt(
            place if policy is place.policy else replace(place, policy=policy),
            message,
            delivery.attempt,
            self.kit.clock(),
            run or message.run,
            step,
        )

    def _judged(
        self,
        delivery: Delivery,
        attempt: Attempt,
        verdict: Judgement,
        error: BaseException | None,
    ) -> Ending:
        headers = _with_id(verdict.headers, attempt.message, delivery.message)
        facts = {
            "message_id": attempt.message.id,
            "queue": self.place.queue,
            "run": attempt.run,
            "step": attempt.step,
            "attempt": attempt.number,
            "allowed": attempt.place.policy.allowed,
        }
        if isinstance(verdict, Dead):
            letter = verdict.letter
            self.kit.log.error(
                "message.dead",
                **facts,
                reason=letter.reason,
                text=letter.text,
                traceback=letter.traceback or None,
            )
            return Ending(delivery, Verdict.DEAD, headers=headers, outcome="dead")
        self.kit.log.warning(
            "message.failed", **facts, error=verdict.error, retry_in_s=verdict.after_s
        )
        if error is not None:
            self.kit.log.debug("message.traceback", **facts, exc_info=error)
        is_told = self.is_told(attempt.message, attempt.run)
        return Ending(
            delivery,
            Verdict.RETRY,
            headers=headers,
            after_s=verdict.after_s,
            outcome="failed",
            events=[report.failed(attempt, verdict)] if is_told else (),
        )


def bound_call(
    method: Callable[..., Any], kit: Kit, timeout_s: float | None = None
) -> Callable[..., Awaitable[Any]]:
    """Return a method as something to await: in a thread if it blocks, in time.

    The time is the service's if none is given.
    """
    timeout_s = kit.timeout_s if timeout_s is None else timeout_s
    call: Callable[..., Awaitable[Any]] = method
    if not inspect.iscoroutinefunction(method):
        call = partial(_in_thread, kit.threads, method)
    if timeout_s is not None:
        call = partial(_in_time, kit.clock, timeout_s, call)
    return call


async def _in_thread(threads: Threads, method: Callable[..., Any], *given: Any) -> Any:
    result = await threads.run(method, *given)
    return await result if inspect.isawaitable(result) else result


async def _in_time(
    clock: Clock, seconds: float, call: Callable[..., Awaitable[Any]], *given: Any
) -> Any:
    loop = asyncio.get_running_loop()
    scope = asyncio.timeout(None)
    try:
        async with scope:
            timer = clock.call_later(seconds, lambda: scope.reschedule(loop.time()))
            try:
                return await call(*given)
            finally:
                timer.cancel()
    except TimeoutError as error:
        if scope.expired():
            raise HandlingTimeoutError(seconds) from error
        raise


def identified(message: Message) -> Message:
    """Return a message with an id that others can derive from; others' are adopted."""
    id_ = message.headers.get(ID, "")
    if _IS_ID(id_):
        return message
    own = as_id(id_) if id_ else new_id()
    headers = {**message.headers, ID: own, ADOPTED: "true"}
    return Message(message.body, headers, message.payload)


def check_sent(outgoing: Sequence[Outgoing]) -> None:
    """Look whether a broker takes what a handler sends; time would not help.

    Raises:
        Reject: for a message that is too large.
    """
    try:
        check_sizes(outgoing)
    except RefusedError as error:
        raise Reject(str(error)) from error


def released(delivery: Delivery) -> Ending:
    """Return the ending of a delivery that is put back unharmed."""
    return Ending(delivery, Verdict.RELEASE, outcome="released")


def pointer_of(message: Message) -> int | None:
    """Return the step that a recipe message is for, if it can be read."""
    if not message.is_recipe:
        return None
    try:
        return Envelope.read(message).pointer
    except ProblemsError:
        return None


def _with_id(
    headers: Mapping[str, str], message: Message, delivered: Message
) -> Mapping[str, str]:
    # A message that came without an id keeps the one it was given for all its attempts.
    return headers if delivered.id else {**headers, ID: message.id, ADOPTED: "true"}
