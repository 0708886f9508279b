"""The recipe that comes with recado, from its request to the timetables."""

from __future__ import annotations

from pathlib import Path

from recado.config import Settings
from recado.events import run_stream
from recado.message import ID, Message
from recado.outbox import Outbox
from recado.recipe import RecipeFolder
from recado.starting import prepare, read_request, start
from recado.testing import Harness
from recado_expander.service import Expander
from recado_samples.rehearsal import Rehearsal

FOLDER = Path(__file__).parents[3] / "recipes"


def asked_for(name: str) -> Message:
    """Return the first message of a run of a recipe, as the dispatcher sends it."""
    outbox = Outbox("00000000-0000-0000-0000-000000000001")
    request = Message(b'{"recipes": ["%s"]}' % name.encode(), {ID: outbox.cause})
    start(prepare(request, RecipeFolder(FOLDER)), read_request(request), outbox)
    (first,) = outbox.outgoing
    return first.message


async def passed_on(harness: Harness, queue: str, messages: list[Message]) -> None:
    for each in messages:
        await harness.publish(queue, each.body, headers=each.headers)
    await harness.settle()


async def test_the_study_is_expanded_and_everybody_but_the_absent_one_rehearsed(
    tmp_path: Path,
) -> None:
    settings = Settings(state=tmp_path, recipes=FOLDER)
    first = asked_for("study")
    async with Harness(Expander(), settings=settings, queues=["rehearsal"]) as expander:
        await passed_on(expander, "expander", [first])
        participants = expander.messages("rehearsal")
    async with Harness(Rehearsal(), settings=settings) as rehearsal:
        await passed_on(rehearsal, "rehearsal", participants)

    assert expander.dead == []
    assert len(participants) == 24
    (dead,) = rehearsal.dead
    assert (dead.reason, dead.text) == ("rejected", "participant 7 did not turn up")
    handled = [each for each in rehearsal.events if each.type == "message.handled"]
    assert len(handled) == 23
    assert {each.stream for each in handled} == {run_stream(first.run)}
