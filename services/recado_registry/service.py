"""The registry: hears every heartbeat, and answers who is alive and what names mean."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, cast

from recado.clock import Clock, pause
from recado.errors import TransportError
from recado.events import EVENTS_QUEUE, Event, append_message
from recado.heartbeat import STATUS_TOPIC
from recado.message import Message, Outgoing
from recado.outbox import Outbox
from recado.recipe import RecipeFolder
from recado.schemas.registry import (
    LOOKUP,
    RECIPES,
    REGISTRY_QUEUE,
    SERVICES,
    STUDIES,
    LookupReply,
    LookupRequest,
    RecipesReply,
    RecipesRequest,
    ServicesReply,
    ServicesRequest,
    StudiesReply,
    StudiesRequest,
    read_beat,
)
from recado.service import Service, answers, hears
from recado.studies import StudyFolder
from recado_registry import answering
from recado_registry.liveness import Leases, News
from recado_registry.telling import event_of

TOLD_IN_ONE: Final = 200
"""Events in one message to the event store at most."""
AGAIN_S: Final = 5.0
"""How long what could not be told waits."""


class Registry(Service):
    """Knows the instances that are alive, the recipes and the studies."""

    name = "registry"

    leases: Leases
    recipes: RecipeFolder
    study_folder: StudyFolder

    async def started(self) -> None:
        """Begin to count the time: nobody has been heard yet."""
        self.leases = Leases(self.context.clock())
        self.recipes = RecipeFolder(self.context.settings.recipes)
        self.study_folder = StudyFolder(self.context.settings.recipes)
        self._untold: list[Event] = []
        self._wake = asyncio.Event()
        self._watch = asyncio.create_task(self._expire_in_time())

    async def stopped(self) -> None:
        """Count no more."""
        self._watch.cancel()
        with suppress(asyncio.CancelledError):
            await self._watch

    def status(self) -> dict[str, Any]:
        """Tell how many instances are alive, and heartbeats there was no room for."""
        return {"alive": len(self.leases), "refused": self.leases.refused}

    @hears(STATUS_TOPIC)
    async def hear(self, message: Message, outbox: Outbox) -> None:
        """Renew a lease, or begin or end one."""
        beat = read_beat(message.body)
        # A new lease ends after all others, so only the first one moves the timer.
        if not len(self.leases):
            self._wake.set()
        news = self.leases.hear(beat, message.id, self.context.clock())
        outbox.events += self._told(news)

    @answers(SERVICES, ServicesRequest, queue=REGISTRY_QUEUE)
    async def services(self, request: ServicesRequest, outbox: Outbox) -> ServicesReply:
        """Answer which instances are alive."""
        return answering.services(self.leases, request.service, self.context.clock())

    @answers(RECIPES, RecipesRequest, queue=REGISTRY_QUEUE)
    async def names(self, request: RecipesRequest, outbox: Outbox) -> RecipesReply:
        """Answer which recipes there are."""
        return await asyncio.to_thread(answering.recipes, self.recipes)

    @answers(STUDIES, StudiesRequest, queue=REGISTRY_QUEUE)
    async def studies(self, request: StudiesRequest, outbox: Outbox) -> StudiesReply:
        """Answer which studies there are."""
        return await asyncio.to_thread(answering.studies, self.study_folder)

    @answers(LOOKUP, LookupRequest, queue=REGISTRY_QUEUE)
    async def lookup(self, request: LookupRequest, outbox: Outbox) -> LookupReply:
        """Answer what a name stands for."""
        if request.kind == "service":
            now = self.context.clock()
            return answering.find_service(self.leases, request.name, now)
        if request.kind == "study":
            return await asyncio.to_thread(
                answering.find_study, self.study_folder, request
            )
        return await asyncio.to_thread(answering.find_recipe, self.recipes, request)

    async def expire(self) -> None:
        """End the leases that are over, and tell of them; of former ones as well.

        What cannot be told now is kept, and told the next time.
        """
        self._untold += self._told(self.leases.expire(self.context.clock()))
        if not self._untold:
            return
        telling = [
            Outgoing(
                EVENTS_QUEUE, append_message(self._untold[first:][:TOLD_IN_ONE], "")
            )
            for first in range(0, len(self._untold), TOLD_IN_ONE)
        ]
        try:
            await self.context.transport.publish(telling)
        except TransportError as error:
            self.context.log.warning("registry.waiting", error=str(error))
        else:
            self._untold.clear()

    async def _expire_in_time(self) -> None:
        clock = cast("Clock", self.context.clock)
        while True:
            wait_s = AGAIN_S if self._untold else self.leases.wait_s(clock())
            if wait_s is None:
                await self._wake.wait()
                self._wake.clear()
            else:
                await pause(clock, wait_s)
                await self.expire()

    def _told(self, news: Sequence[News]) -> list[Event]:
        for each in news:
            self.context.log.info(
                each.type, instance=each.lease.instance, service=each.lease.service
            )
        return [event_of(each) for each in news]
