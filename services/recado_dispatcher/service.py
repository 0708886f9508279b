"""The dispatcher: from a request to the first messages of a run, in one settlement."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar, Final

from recado.clients.eventlog import EventLog
from recado.clients.lookup import Lookup
from recado.errors import ProblemsError, RecadoError, TransportError
from recado.events import (
    EVENTS_QUEUE,
    RUN_REFUSED,
    RUN_REPEATED,
    Event,
    append_message,
)
from recado.letter import describe, read_history
from recado.message import RETRIES, Message, Outgoing
from recado.outbox import Outbox
from recado.recipe import RecipeFolder
from recado.retry import Reject
from recado.runtime.threads import Threads
from recado.schemas.dispatch import DISPATCHER_QUEUE
from recado.service import Service, takes
from recado.starting import Prepared, Request, compose, read_request, start
from recado_dispatcher import logbook, store
from recado_dispatcher.calling import Caller
from recado_dispatcher.filtering import Note, apply_filters
from recado_dispatcher.plugins import Plugin, find_plugins
from recado_dispatcher.reading import FolderReader
from recado_dispatcher.ready import Elsewhere, check_ready, sent_elsewhere
from recado_dispatcher.sources import Sources
from recado_dispatcher.waiting import NotYet, Waits, again, check_due

_LARGE_BODY: Final = 64 * 1024
_LARGE_STEPS: Final = 200
"""So many bytes, or steps, are worth a thread: the event loop must not stand still."""
_IN_OWN_WORDS: Final = (RecadoError, Reject, Elsewhere)


class Dispatcher(Service):
    """Starts the runs that are asked for on ``processing_recipe``."""

    name = "dispatcher"
    concurrency: ClassVar[int] = 20
    prefetch: ClassVar[int] = 100
    plugin_timeout_s: ClassVar[float] = 30.0
    """Seconds that a filter or a ready check may take."""
    answer_timeout_s: ClassVar[float] = 3.0
    """Seconds that the event store and the registry may take to answer."""

    _ready: Sequence[Plugin] = ()
    _filters: Sequence[Plugin] = ()

    async def started(self) -> None:
        """Load the plug-ins; recipes are read when they are asked for.

        Raises:
            ConfigError: for a plug-in that is not there or cannot be loaded.
        """
        settings, transport = self.context.settings, self.context.transport
        self._ready = find_plugins(
            "ready check", settings.ready_checks, settings.plugins
        )
        self._filters = find_plugins("filter", settings.filters, settings.plugins)
        self._threads = Threads("dispatcher-thread")
        self._caller = Caller(self._threads, self.plugin_timeout_s)
        folder = FolderReader(RecipeFolder(settings.recipes), self._threads)
        self._sources = Sources(folder, Lookup(transport, self.answer_timeout_s))
        self._log = EventLog(
            transport, timeout_s=self.answer_timeout_s, clock=self.context.clock
        )

    async def stopped(self) -> None:
        """Let go of the threads."""
        self._threads.close()

    def status(self) -> dict[str, Any]:
        """Tell which plug-ins are used, in their order."""
        return {
            "ready_checks": [check.name for check in self._ready],
            "filters": [each.name for each in self._filters],
        }

    @takes(DISPATCHER_QUEUE)
    async def dispatch(self, message: Message, outbox: Outbox) -> None:
        """Start a run, or have the request come again if it has to wait.

        A request that is wrong is wrong for good, so it is never retried.
        """
        request = await self._read(message)
        try:
            await self._dispatch(request, message, outbox)
        except NotYet as reason:
            self._wait(request, message, reason, outbox)
        except Elsewhere as end:
            outbox.outgoing.append(sent_elsewhere(message, request, end.queue))
            outbox.events.append(self._refusal(request, message, end))
            self.context.log.warning(
                "run.not_ready", run=request.run, queue=end.queue, text=str(end)
            )
        except Exception as error:
            if self._is_last(error, message):
                await self._tell(self._refusal(request, message, error))
            raise

    async def _dispatch(
        self, request: Request, message: Message, outbox: Outbox
    ) -> None:
        clock, settings = self.context.clock, self.context.settings
        check_due(request.said, clock())
        await check_ready(
            self._ready, request, self._caller, self.context.transport, clock()
        )
        filtered, notes = await apply_filters(self._filters, request, self._caller)
        prepared = await self._prepared(filtered, message)
        if request.said.idempotency_key:
            run = await store.claimed(self._log, request, clock())
            if run:
                logbook.write_repeat(outbox, request, run)
                self.context.log.info("run.repeated", run=run, request=request.id)
                return
        # What a step of a run asks for is part of what its submitter was let do.
        if settings.runs_per_user and not message.is_recipe:
            await store.admit(self._log, request, settings.runs_per_user)
        if self._is_last_attempt(message):
            # What nobody declared would be found out when nothing can be told any more.
            await self.context.transport.declare(_first_queues(prepared), "verify")
        self._start(prepared, request, notes, message, outbox)

    async def _read(self, message: Message) -> Request:
        if len(message.body) > _LARGE_BODY:
            request: Request = await self._threads.run(read_request, message)
        else:
            request = read_request(message)
        if not Waits.read(message.headers).times:
            for key, meant in request.misspelt().items():
                self.context.log.warning("request.misspelt", key=key, meant=meant)
        return request

    async def _prepared(self, request: Request, message: Message) -> Prepared:
        found = await self._sources.find(request.recipes)
        if len(message.body) > _LARGE_BODY or found.steps > _LARGE_STEPS:
            prepared: Prepared = await self._threads.run(compose, request, found)
        else:
            prepared = compose(request, found)
        for problem in prepared.warnings:
            self.context.log.warning("request.odd", run=request.run, text=str(problem))
        return prepared

    def _start(
        self,
        prepared: Prepared,
        request: Request,
        notes: Sequence[Note],
        message: Message,
        outbox: Outbox,
    ) -> None:
        # Of the request's own id: the same messages, whichever copy of it starts the run.
        first = Outbox(request.id, self.context.clock)
        start(prepared, request, first)
        self.context.log.info(
            "run.started",
            run=prepared.run,
            recipes=prepared.names,
            messages=len(first.outgoing),
        )
        now = self.context.clock()
        logbook.write_start(first, message, request, notes, prepared, now)
        outbox.outgoing += first.outgoing
        outbox.events += first.events

    def _wait(
        self, request: Request, message: Message, reason: NotYet, outbox: Outbox
    ) -> None:
        copy = again(message, request, reason, self.context.clock())
        outbox.outgoing.append(copy)
        waits = Waits.read(message.headers)
        if waits.why == reason.why:
            return
        logbook.write_wait(outbox, waits, request, reason)
        self.context.log.info(
            "run.waiting",
            run=request.run,
            why=reason.why,
            text=reason.text,
            again_in_s=round(copy.delay_s, 3),
        )

    def _is_last(self, error: Exception, message: Message) -> bool:
        """Whether an error ends a request: by its kind, or after so many attempts."""
        is_for_good = isinstance(error, ProblemsError | Reject)
        return is_for_good or self._is_last_attempt(message)

    def _is_last_attempt(self, message: Message) -> bool:
        failures = read_history(message.headers)
        attempt = failures[-1].attempt + 1 if failures else 1
        return attempt >= self.retry.attempts

    def _refusal(self, request: Request, message: Message, error: Exception) -> Event:
        text = str(error) if isinstance(error, _IN_OWN_WORDS) else describe(error)[0]
        retries = message.headers.get(RETRIES, "0")
        # The run is another request's, which is not refused.
        is_others = isinstance(error, store.TakenError) and error.run == request.run
        type_ = RUN_REPEATED if is_others else RUN_REFUSED
        return logbook.refusal(request, text, retries, self.context.clock(), type_)

    async def _tell(self, event: Event) -> None:
        # With the dead letter itself nothing can be told; that one counts, this informs.
        with suppress(TransportError):
            await self.context.transport.publish(
                [Outgoing(EVENTS_QUEUE, append_message([event], ""))]
            )


def _first_queues(prepared: Prepared) -> list[str]:
    steps = [prepared.recipe.step(number) for number, _ in prepared.recipe.start]
    # Where a step names an exchange, its bindings decide, and nobody can be asked.
    return [step.queue for step in steps if step.queue and not step.exchange]
