"""Where recipes come from: the folder, or else the registry."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from recado.clients.dispatch import request_message, submit
from recado.clients.lookup import Lookup
from recado.config import Settings
from recado.envelope import Envelope
from recado.errors import NotFoundError
from recado.recipe import Recipe, RecipeFolder
from recado.runtime.threads import Threads
from recado.schemas.registry import REGISTRY_QUEUE
from recado.testing import Harness
from recado_dispatcher.reading import FolderReader
from recado_dispatcher.sources import Sources
from recado_registry.service import Registry
from tests.unit.beside import beside
from tests.unit.dispatcher.conftest import Hasty


@pytest.fixture
def far(tmp_path: Path) -> Path:
    """Return the registry's recipe folder."""
    path = tmp_path / "far"
    path.mkdir()
    (path / "named.json").write_text('{"start": [[1, "far"]], "1": {"queue": "first"}}')
    (path / "remote.json").write_text('{"start": [[1, 1]], "1": {"queue": "first"}}')
    (path / "bad.json").write_text('{"start": [[2, 1]], "1": {"queue": "first"}}')
    return path


async def ask(h: Harness, *names: str) -> None:
    await submit(h.transport, request_message(names))
    await h.settle()


def payloads(h: Harness) -> list[Any]:
    return [Envelope.read(message).payload for message in h.messages("first")]


async def test_what_the_folder_has_not_comes_from_the_registry(
    at_work: Callable[..., Harness], far: Path
) -> None:
    async with at_work() as h, beside(h, Registry(), Settings(recipes=far)):
        await ask(h, "named", "remote")

        assert payloads(h) == [{"n": 1}, 1]


async def test_a_recipe_that_changes_in_the_registry_is_the_new_one_at_once(
    at_work: Callable[..., Harness], far: Path
) -> None:
    async with at_work() as h, beside(h, Registry(), Settings(recipes=far)):
        for payload in (1, 1, "new"):
            content = {"start": [[1, payload]], "1": {"queue": "first"}}
            (far / "remote.json").write_text(json.dumps(content))
            await ask(h, "remote")

        assert payloads(h) == [1, 1, "new"]


async def test_what_neither_has_is_refused_with_the_nearest_names(
    at_work: Callable[..., Harness], far: Path
) -> None:
    async with at_work() as h, beside(h, Registry(), Settings(recipes=far)):
        await ask(h, "remoet", "nmaed", "bad")

        (dead,) = h.dead
        assert dead.letter is not None
        assert dead.letter.attempts == 1
        texts = {problem.path: problem.text for problem in dead.letter.problems}
        assert "in the registry: no recipe 'remoet'" in texts["recipes[0](remoet)"]
        assert "did you mean 'remote'?" in texts["recipes[0](remoet)"]
        assert texts["recipes[1](nmaed)"].count("did you mean 'named'?") == 2
        assert "there is no step 2" in texts["recipes[2](bad).start[0][0]"]


async def test_a_recipe_of_a_registry_that_is_away_is_waited_for(
    at_work: Callable[..., Harness], far: Path
) -> None:
    async with at_work(Hasty()) as h:
        await h.transport.declare([REGISTRY_QUEUE])
        await submit(h.transport, request_message(["remote"]))
        while not h.events:
            await h.advance(1)
        waiting = h.events[0]
        await h.advance(10)
        dead = h.dead
        async with beside(h, Registry(), Settings(recipes=far)):
            while not h.messages("first"):
                await h.advance(5)

        assert (waiting.type, waiting.data["why"]) == ("run.waiting", "no_registry")
        assert dead == []
        assert payloads(h) == [1]


class Once:
    """A registry that sends a recipe once; after that it says that it is known."""

    def __init__(self) -> None:
        self.known: list[str] = []

    async def recipe(self, name: str, *, known: str = "") -> Any:
        from recado.schemas.registry import RecipeEntry

        self.known.append(known)
        document: dict[str, Any] = {"start": [[1, name]], "1": {"queue": "first"}}
        return RecipeEntry(
            name=name,
            steps=[],
            problems=[],
            digest=f"digest of {name}",
            document=None if known else document,
        )


async def test_a_recipe_that_is_known_does_not_travel_again(tmp_path: Path) -> None:
    threads, registry = Threads("test"), Once()
    sources = Sources(
        FolderReader(RecipeFolder(tmp_path), threads), as_lookup(registry)
    )

    first = (await sources.find(["a", "b"])).load("a")
    again = (await sources.find(["a"])).load("a")

    assert registry.known == ["", "", "digest of a"]
    assert again is first
    threads.close()


def as_lookup(registry: Any) -> Lookup:
    return registry  # type: ignore[no-any-return] # it has the one method that is asked


class Counting(RecipeFolder):
    """A folder that counts how often it is asked."""

    loads = 0

    def load(self, name: str) -> Recipe:
        self.loads += 1
        return super().load(name)


async def test_who_asks_at_the_same_time_is_answered_together(folder: Path) -> None:
    threads, counting = Threads("test"), Counting(folder)
    reader = FolderReader(counting, threads)

    found = await asyncio.gather(*(reader.load(["named", "gone"]) for _ in range(50)))

    assert counting.loads <= 4
    assert all(isinstance(each["named"], Recipe) for each in found)
    assert all(isinstance(each["gone"], NotFoundError) for each in found)
    threads.close()


async def test_who_is_cancelled_cancels_nobody_else(folder: Path) -> None:
    threads = Threads("test")
    reader = FolderReader(RecipeFolder(folder), threads)

    impatient = asyncio.create_task(reader.load(["named"]))
    patient = asyncio.create_task(reader.load(["named"]))
    await asyncio.sleep(0)
    impatient.cancel()

    assert isinstance((await patient)["named"], Recipe)
    threads.close()


async def test_who_asks_while_no_thread_is_to_be_had_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = Threads("test")
    reader = FolderReader(RecipeFolder(folder), threads)

    def fail(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(Thread, "start", fail)
        async with asyncio.timeout(5):
            refused = await reader.load(["named"])
    found = await reader.load(["named"])

    assert isinstance(refused["named"], RuntimeError)
    assert isinstance(found["named"], Recipe)
    threads.close()
