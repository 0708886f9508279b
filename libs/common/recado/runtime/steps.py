"""Work on recipe messages: the envelope is read, the step handled, the run told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from time import perf_counter
from typing import Any

from recado.envelope import Envelope
from recado.errors import Problem, SchemaError
from recado.log import handling
from recado.message import RECIPE, Message
from recado.retry import RetryPolicy
from recado.runtime import report
from recado.runtime.ending import Ending
from recado.runtime.judge import Place
from recado.runtime.once import Once
from recado.runtime.terms import Terms, has_terms, terms_of
from recado.runtime.work import Kit, Work, bound_call, check_sent
from recado.service import Service
from recado.step import Step
from recado.transport.base import Delivery
from recado.validation import validated


class StepWork(Work):
    """Gives each recipe message of a service's queue to its ``handle``."""

    def __init__(self, kit: Kit, place: Place, service: Service) -> None:
        super().__init__(kit, place)
        self._handle = service.handle
        self._call = bound_call(service.handle, kit)
        self._codec = service.codec
        self._default_channel = service.default_channel
        self._said = Once()
        self._payload = service.payload
        self._parameters = service.parameters
        self._has_schemas = bool(service.payload or service.parameters)

    async def handled(self, delivery: Delivery, message: Message) -> Ending:
        """Have the service handle the step that a message is for."""
        began = perf_counter()
        run, pointer, step = message.run, None, None
        try:
            step = self._step(message)
            run, pointer = step.run, step.id
            # The message itself, which is kept until it is settled, holds no payload: many
            # that are large would take much memory while the broker is busy.
            handling.set(message)
            has_own = has_terms(step.envelope.step)
            call = self._timed(step) if has_own else self._call
            await call(self._checked(message, step), step)
            step.close()
            check_sent(step.outgoing)
            if step.remarks:
                self._remark(run, step.remarks)
            events = report.told(step.events) if step.events else []
            if run:
                ms = (perf_counter() - began) * 1000
                events.append(
                    report.handled(
                        self.place,
                        message,
                        delivery.attempt,
                        run,
                        pointer,
                        (step.children, step.checksum),
                        at=self.kit.clock(),
                        ms=ms,
                    )
                )
        # A handler may raise anything, SystemExit too; it ends its message, not the service.
        except BaseException as error:
            if step is not None:
                step.close()
            return self.failed(delivery, message, error, run, pointer)
        return self.done(delivery, message, step.outgoing, events, run, pointer)

    def policy_for(self, message: Message) -> RetryPolicy:
        """Return the policy that the step has in its recipe, or else the service's."""
        try:
            return self._terms(Envelope.read(message, self._codec)).policy
        except Exception:
            # A failure is judged whatever its message holds, and its codec says of it.
            return self.place.policy

    def _step(self, message: Message) -> Step:
        if not message.is_recipe:
            raise _not_a_recipe(message)
        envelope = Envelope.read(message, self._codec)
        step = Step(message, envelope, self.kit.clock, self._codec)
        if self._default_channel:
            step.set_default_channel(self._default_channel)
        return step

    def _terms(self, envelope: Envelope) -> Terms:
        policy, ceiling = self.place.policy, self.kit.ceiling
        return terms_of(envelope.pointer, envelope.step, policy, ceiling)

    def _timed(self, step: Step) -> Callable[..., Awaitable[Any]]:
        terms = self._terms(step.envelope)
        self._remark(step.run, terms.remarks)
        if terms.timeout_s is None:
            return self._call
        return bound_call(self._handle, self.kit, terms.timeout_s)

    def _remark(self, run: str, remarks: Iterable[str]) -> None:
        for text in remarks:
            if self._said.is_new(text):
                self.kit.log.warning(
                    "recipe.questionable", run=run, queue=self.place.queue, text=text
                )

    def _checked(self, message: Message, step: Step) -> Message:
        payload = step.envelope.payload
        if not self._has_schemas:
            return Message(message.body, message.headers, payload)
        problems: list[Problem] = []
        if self._payload is not None:
            try:
                payload = validated(self._payload, payload, "message", "payload")
            except SchemaError as error:
                problems += error.problems
        if self._parameters is not None:
            given = step.parameters
            try:
                step.parameters = validated(
                    self._parameters, given, "message", "parameters"
                )
            except SchemaError as error:
                problems += error.problems
        if problems:
            raise SchemaError("message", problems)
        return Message(message.body, message.headers, payload)


def _not_a_recipe(message: Message) -> SchemaError:
    shown = message.headers.get(RECIPE)
    text = f"must be 'true', not {shown!r}" if shown else "is missing"
    hint = "this queue takes recipe messages only"
    return SchemaError("message", [Problem(f"headers.{RECIPE}", f"{text}: {hint}")])
