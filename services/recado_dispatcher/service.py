"""The dispatcher: from a request to the first messages of a run, in one settlement."""

from __future__ import annotations

import asyncio

from recado.message import Message
from recado.outbox import Outbox
from recado.recipe import RecipeFolder
from recado.schemas.dispatch import DISPATCHER_QUEUE
from recado.service import Service, takes
from recado.starting import prepare, read_request, start


class Dispatcher(Service):
    """Starts the runs that are asked for on ``processing_recipe``."""

    name = "dispatcher"

    recipes: RecipeFolder

    async def started(self) -> None:
        """Find the recipe folder; its files are read when they are asked for."""
        self.recipes = RecipeFolder(self.context.settings.recipes)

    @takes(DISPATCHER_QUEUE)
    async def dispatch(self, message: Message, outbox: Outbox) -> None:
        """Start a run; a request that is wrong is wrong for good, so it is never retried."""
        # In a thread: the folder may be far away, and a recipe as large as ten megabytes.
        prepared = await asyncio.to_thread(prepare, message, self.recipes)
        start(prepared, read_request(message), outbox)
        self.context.log.info(
            "run.started",
            run=prepared.run,
            recipes=prepared.names,
            messages=len(outbox.outgoing),
        )
