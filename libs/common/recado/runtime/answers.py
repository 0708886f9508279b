"""Work on requests: each gets its reply, be it a refusal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from recado.errors import NotFoundError, RecadoError, nearest
from recado.letter import describe
from recado.log import handling
from recado.message import REPLY_TO, TYPE, Message, decode
from recado.outbox import Outbox
from recado.requests import code_of, refusal_of, reply_to
from recado.retry import Reject, RetryLater
from recado.runtime import report
from recado.runtime.ending import Ending
from recado.runtime.judge import HandlingTimeoutError, Place
from recado.runtime.work import (
    Kit,
    Work,
    bound_call,
    check_sent,
)
from recado.service import Binding, Service
from recado.transport.base import Delivery
from recado.validation import validated


@dataclass(frozen=True, slots=True)
class _Answer:
    call: Callable[..., Awaitable[Any]]
    model: type[BaseModel] | None


class RequestWork(Work):
    """Gives each request of a queue to the method for its type, and sends the reply.

    What a method raises is the reply, too. Only a request that says nowhere to send a
    reply to goes the way of other messages: retries and dead letters.
    """

    def __init__(
        self, kit: Kit, place: Place, service: Service, bindings: Sequence[Binding]
    ) -> None:
        super().__init__(kit, place)
        self._answers = {
            binding.request: _Answer(
                bound_call(getattr(service, binding.method), kit), binding.model
            )
            for binding in bindings
        }

    async def handled(self, delivery: Delivery, message: Message) -> Ending:
        """Answer one request."""
        outbox = Outbox(message.id, self.kit.clock)
        handling.set(message)
        try:
            value = await self._answered(message, outbox)
            outbox.close()
            reply = reply_to(message, value)
            outgoing = [*outbox.outgoing, reply] if reply else outbox.outgoing
            check_sent(outgoing)
            events = report.told(outbox.events)
        # A method may raise anything, SystemExit too; it ends its request, not the service.
        except BaseException as error:
            outbox.close()
            return self._not_answered(delivery, message, error)
        return self.done(delivery, message, outgoing, events)

    async def _answered(self, message: Message, outbox: Outbox) -> Any:
        type_ = message.headers.get(TYPE, "")
        answer = self._answers.get(type_)
        if answer is None:
            hint = nearest(type_, self._answers)
            raise NotFoundError(
                f"no request type {type_!r} on {self.place.queue}{hint}"
            )
        value = decode(message.body)
        if answer.model is not None:
            value = validated(answer.model, value, type_)
        return await answer.call(value, outbox)

    def _not_answered(
        self, delivery: Delivery, message: Message, error: BaseException
    ) -> Ending:
        is_last = delivery.attempt >= self.place.policy.attempts
        comes_again = isinstance(error, RetryLater) and not is_last
        if self.is_cancelled(error) or comes_again:
            return self.failed(delivery, message, error)
        if not message.headers.get(REPLY_TO):
            return self.failed(delivery, message, _final(error))
        code = _code(error)
        if code == "internal":
            text, trace = describe(error)
            self.kit.log.error(
                "request.failed",
                message_id=message.id,
                type=message.headers.get(TYPE, ""),
                error=text,
                traceback=trace,
            )
        refusal = refusal_of(message, code, error)
        return self.done(delivery, message, [refusal] if refusal else [], [])


def _code(error: BaseException) -> str:
    if isinstance(error, RecadoError):
        return code_of(error)
    if isinstance(error, Reject):
        return "rejected"
    if isinstance(error, RetryLater):
        return "unavailable"
    return "timeout" if isinstance(error, HandlingTimeoutError) else "internal"


def _final(error: BaseException) -> BaseException:
    # What recado raises on purpose says that the request is wrong: no retry helps.
    if isinstance(error, NotFoundError):
        return Reject(str(error))
    return error
