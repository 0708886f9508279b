"""Reading recipes from the folder: off the event loop, for many requests at once."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import TypeAlias

from recado.recipe import Recipe, RecipeFolder
from recado.runtime.threads import Threads

Loaded: TypeAlias = "Recipe | Exception"


class FolderReader:
    """Loads recipes in a thread, since the folder may be far away.

    Who asks while the thread is at work is answered by its next turn, together with all
    others who do.
    """

    def __init__(self, folder: RecipeFolder, threads: Threads) -> None:
        self._folder = folder
        self._threads = threads
        self._asked: dict[str, asyncio.Future[Loaded]] = {}
        self._turns: asyncio.Task[None] | None = None

    async def load(self, names: Collection[str]) -> dict[str, Loaded]:
        """Return a recipe for each name, or why there is none."""
        wanted = {name: self._future(name) for name in names}
        if wanted:
            if self._turns is None or self._turns.done():
                self._turns = asyncio.create_task(self._take_turns())
            # Not awaited themselves: who is cancelled must not cancel them for others.
            await asyncio.wait(wanted.values())
        return {name: future.result() for name, future in wanted.items()}

    def _future(self, name: str) -> asyncio.Future[Loaded]:
        if name not in self._asked:
            self._asked[name] = asyncio.get_running_loop().create_future()
        return self._asked[name]

    async def _take_turns(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, {}
            try:
                found = await self._threads.run(self._load, list(asked))
            # There is no thread to be had; who asked would wait for ever.
            except Exception as error:
                found = dict.fromkeys(asked, error)
            for name, future in asked.items():
                future.set_result(found[name])

    def _load(self, names: Collection[str]) -> Mapping[str, Loaded]:
        return {name: self._one(name) for name in names}

    def _one(self, name: str) -> Loaded:
        try:
            return self._folder.load(name)
        # Whatever it is, it is told to whoever asked for the recipe.
        except Exception as error:
            return error
