"""Each recipe that comes with recado is sound, and runs through its services to its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from recado.clients.dispatch import request_message, submit
from recado.config import Settings
from recado.discovery import find_service, service_names
from recado.letter import Letter
from recado.message import Message
from recado.recipe import RecipeFolder, check
from recado.service import Service
from recado.testing import Harness
from recado.transport import DEAD_LETTERS
from recado_dispatcher.service import Dispatcher

FOLDER = Path(__file__).parents[3] / "recipes"
NAMES = RecipeFolder(FOLDER).names()


def by_queue() -> dict[str, type[Service]]:
    """Return the installed services that handle steps, by the queue they take from."""
    found = [find_service(name) for name in service_names()]
    return {service.queue: service for service in found if service.queue}


def queues(name: str) -> list[str]:
    """Return the queues of a recipe's steps, in the order of the steps."""
    steps = RecipeFolder(FOLDER).load(name).steps
    return [str(steps[number].queue) for number in sorted(steps)]


async def handled(
    service: Service, messages: Sequence[Message], settings: Settings, others: list[str]
) -> dict[str, list[Message]]:
    """Have a service handle messages; return what is then in the others' queues."""
    async with Harness(service, settings=settings, queues=others) as h:
        for message in messages:
            queue = type(service).queue
            await h.publish(queue, message.body, headers=message.headers)
        await h.settle()
        return {each: h.messages(each) for each in [*others, DEAD_LETTERS]}


async def run(name: str, state: Path) -> tuple[dict[str, int], list[Letter]]:
    """Run a recipe, service by service; return messages by queue, and dead letters."""
    settings = Settings(state=state, recipes=FOLDER)
    names = queues(name)
    async with Harness(Dispatcher(), settings=settings, queues=names) as h:
        await submit(h.transport, request_message([name]))
        await h.settle()
        waiting = {queue: h.messages(queue) for queue in names}
    counts: dict[str, int] = {}
    letters: list[Letter | None] = []
    for queue in names:
        counts[queue] = len(waiting[queue])
        others = [each for each in names if each != queue]
        service = by_queue()[queue]()
        sent = await handled(service, waiting[queue], settings, others)
        letters += [Letter.read(each.headers) for each in sent.pop(DEAD_LETTERS)]
        waiting |= {each: [*waiting[each], *sent[each]] for each in others}
    return counts, [letter for letter in letters if letter is not None]


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_has_neither_errors_nor_warnings(name: str) -> None:
    found = check((FOLDER / f"{name}.json").read_text("utf-8"), name)

    assert (found.errors, found.warnings) == ((), ())


@pytest.mark.parametrize("name", NAMES)
def test_each_step_of_a_recipe_has_a_service_that_is_installed(name: str) -> None:
    steps = RecipeFolder(FOLDER).load(name).steps
    services = by_queue()

    named = {str(step.queue): step.service for step in steps.values()}

    assert {queue: services[queue].__name__ for queue in named} == named


async def test_hello_greets_and_leaves_nothing_behind(tmp_path: Path) -> None:
    assert await run("hello", tmp_path) == ({"hello": 1}, [])


async def test_fails_leaves_one_dead_letter_which_names_the_place(
    tmp_path: Path,
) -> None:
    counts, (letter,) = await run("fails", tmp_path)

    assert counts == {"hello": 1}
    assert (letter.reason, letter.attempts) == ("schema", 1)
    assert [problem.path for problem in letter.problems] == ["payload.name"]


async def test_study_rehearses_24_participants_of_whom_one_is_away(
    tmp_path: Path,
) -> None:
    counts, (letter,) = await run("study", tmp_path)

    assert counts == {"expander": 1, "rehearsal": 24}
    assert (letter.reason, letter.text) == (
        "rejected",
        "participant 7 did not turn up",
    )


def test_no_recipe_is_left_untried() -> None:
    assert NAMES == ["fails", "hello", "study"]
