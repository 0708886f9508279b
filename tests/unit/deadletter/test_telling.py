"""Error outputs of recipes really hear of failures, once for each letter, and block nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from recado.config import Settings
from recado.envelope import Envelope
from recado.errors import RefusedError, UnsupportedError
from recado.events import DEAD, FAILURE_TOLD, HANDLED
from recado.ids import as_id
from recado.letter import Letter
from recado.message import ADOPTED, ID, PARENT, RETRIES, Message, Outgoing, encode
from recado.service import Service
from recado.testing import Harness
from recado.transport.base import DEAD_LETTERS, Depth, Settlement
from recado_deadletter.entry import read_entry
from recado_deadletter.service import DeadLetters
from recado_deadletter.telling import TRIES, CrowdedError, Teller
from recado_eventstore.facts import read_facts
from tests.unit.deadletter.conftest import MakeDead

MakeHarness = Callable[..., Harness]
RECIPE: dict[str, Any] = {
    "1": {"queue": "resize", "output": [2], "error": [3]},
    "2": {"queue": "store"},
    "3": {"queue": "errors"},
    "start": [[1, {}]],
}


def body(
    recipe: dict[str, Any] = RECIPE, payload: object = "p", pointer: int = 1
) -> bytes:
    return encode(
        {
            "recipe": recipe,
            "recipe-pointer": pointer,
            "recipe-path": [],
            "environment": {"ID": "run-1"},
            "payload": payload,
        }
    )


@pytest.fixture
def harness(tmp_path: Path) -> MakeHarness:
    """Make a harness whose service keeps its files in the test's folder."""

    def make(service: Service, *, queues: Sequence[str] = ("errors",)) -> Harness:
        return Harness(service, settings=Settings(state=tmp_path), queues=queues)

    return make


async def bury(h: Harness, *messages: Message) -> None:
    await h.transport.publish([Outgoing(DEAD_LETTERS, each) for each in messages])
    await h.settle()


def heard(h: Harness, queue: str = "errors") -> list[Any]:
    return [Envelope.read(each).payload for each in h.messages(queue)]


def balance(h: Harness) -> tuple[int, int]:
    """Return how many messages of the run are open, and the checksum, by the events."""
    facts = read_facts(h.events).values()
    total = 0
    for fact in facts:
        total ^= fact.checksum
    return sum(it.sent - it.handled - it.dead for it in facts), total


async def test_a_dead_letter_is_told_to_its_steps_error_output(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    async with harness(DeadLetters()) as h:
        await bury(h, make_dead(body=body(payload={"width": 3})))

        (told,) = heard(h)
        assert told["payload"] == {"width": 3}
        assert (told["error"]["reason"], told["error"]["attempts"]) == ("error", 5)
        (event,) = [each for each in h.events if each.type == FAILURE_TOLD]
        assert (event.data["steps"], event.data["children"]) == ([3], 1)
        assert event.data["letter"] == told["error"]["letter"]
        assert (await h.transport.depth(DEAD_LETTERS)).total == 0


@pytest.mark.parametrize(
    ("reason", "service"), [("ceiling", ""), ("unroutable", "resize")]
)
async def test_a_death_that_no_handler_saw_is_told_as_well(
    harness: MakeHarness, make_dead: MakeDead, reason: str, service: str
) -> None:
    async with harness(DeadLetters()) as h:
        await bury(h, make_dead(body=body(), reason=reason, service=service, step=None))

        assert heard(h)[0]["error"]["reason"] == reason


async def test_a_foreign_message_that_landed_here_is_told_if_it_has_an_envelope(
    harness: MakeHarness,
) -> None:
    async with harness(DeadLetters()) as h:
        head = {"workflows-recipe": "True", "x-first-death-reason": "rejected"}
        await bury(h, Message(body(), head), Message(b"{}", head))

        (told,) = heard(h)
        assert told["error"]["reason"] == "unknown"
        assert "rejected" in told["error"]["text"]
        # Nobody counted it when it was sent, so its own end does; the notice stays open.
        assert balance(h)[0] == 1


async def test_a_batch_that_comes_twice_tells_under_the_same_ids(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    async with harness(DeadLetters()) as h:
        dead = [make_dead(f"m{number}", body=body()) for number in range(5)]
        await bury(h, *dead)
        await bury(h, *dead)

        ids = [message.id for message in h.messages("errors")]
        assert len(set(ids)) == 5
        assert len({event.id for event in h.events}) == 10


async def test_the_same_letter_twice_in_a_batch_is_told_once(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    async with harness(DeadLetters()) as h:
        await bury(h, make_dead(body=body()), make_dead(body=body()))

        assert len(heard(h)) == 1


async def test_a_retried_letter_that_dies_again_tells_again(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    async with harness(DeadLetters()) as h:
        await bury(h, make_dead(body=body()))
        await bury(h, make_dead(body=body(), retries=1))

        first, second = h.messages("errors")
        assert first.id != second.id
        letters = {told["error"]["letter"] for told in heard(h)}
        assert len(letters) == 2


async def test_a_failing_error_step_does_not_feed_itself(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    recipe = {**RECIPE, "error": [3]}
    async with harness(DeadLetters()) as h:
        await bury(h, make_dead(body=body(recipe)))
        (notice,) = h.messages("errors")
        letter = Letter("error", "no", "errors", 5, 1.0)
        await bury(h, Message(notice.body, {**notice.headers, **letter.header()}))

        assert len(heard(h)) == 1


async def test_a_run_with_error_outputs_is_finished_when_those_are(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    class Pager(Service):
        queue = "errors"

        async def handle(self, message: Message, step: Any) -> None:
            assert message.payload["error"]["reason"] == "error"

    async with harness(DeadLetters()) as h, harness(Pager(), queues=()) as pager:
        adopted = make_dead(body=body(), headers={ADOPTED: "true"})
        await bury(h, adopted)
        assert balance(h)[0] == 1
        (notice,) = h.messages("errors")
        await pager.transport.publish([Outgoing("errors", notice)])
        await pager.settle()

        (handled,) = pager.events
        assert handled.type == HANDLED
        facts = read_facts([*h.events, handled]).values()
        total = 0
        for fact in facts:
            total ^= fact.checksum
        assert (sum(it.sent - it.handled - it.dead for it in facts), total) == (0, 0)


async def test_an_undeclared_error_queue_is_logged_and_the_letter_kept(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    recipe = {**RECIPE, "1": {"queue": "resize", "error": [2, 3]}}
    async with harness(DeadLetters()) as h:
        with capture_logs() as logs:
            await bury(h, make_dead(body=body(recipe)))

        assert (await h.transport.depth(DEAD_LETTERS)).total == 0
        assert [event.type for event in h.events] == [DEAD, FAILURE_TOLD]
        assert h.events[1].data["steps"] == [3]
        (logged,) = [each for each in logs if each["event"] == "letter.not_told"]
        assert logged["error"] == "step 2: nobody has declared queue 'store'"


async def test_an_error_queue_that_is_too_long_to_be_counted_is_told(
    harness: MakeHarness, make_dead: MakeDead, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(queue: str) -> Depth:
        raise UnsupportedError(f"queue {queue!r} holds more than can be counted")

    async with harness(DeadLetters()) as h:
        with monkeypatch.context() as patched:
            patched.setattr(h.transport, "depth", fail)
            await bury(h, make_dead(body=body()))

        assert len(heard(h)) == 1


async def test_a_letter_whose_envelope_nobody_can_read_is_indexed_anyway(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    hostile = [
        b"{",
        b'{"recipe": {}, "recipe-pointer": 1}',
        body({**RECIPE, "1": {"error": {"a": {"b": "c"}}}}),
        body({"1": {"error": "x" * 10_000}, "start": 7}),
    ]
    dead = [make_dead(str(index), body=each) for index, each in enumerate(hostile)]
    async with harness(DeadLetters()) as h:
        await bury(h, *dead)

        assert (await h.transport.depth(DEAD_LETTERS)).total == 0
        assert [event.type for event in h.events] == [DEAD] * 4


async def test_notices_that_the_broker_never_takes_are_given_up_and_the_letter_is_not(
    harness: MakeHarness, make_dead: MakeDead, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with harness(DeadLetters()) as h:
        settle = h.transport.settle

        async def picky(
            settlements: Sequence[Settlement], outgoing: Sequence[Outgoing] = ()
        ) -> None:
            if any(it.queue == "errors" for one in settlements for it in one.outgoing):
                raise RefusedError("full")
            await settle(settlements, outgoing)

        monkeypatch.setattr(h.transport, "settle", picky)
        with capture_logs() as logs:
            await bury(h, make_dead("one", body=body()), make_dead("two"))
            await h.advance(3600)

        assert (await h.transport.depth(DEAD_LETTERS)).total == 0
        assert {each.data["message"] for each in h.events if each.type == DEAD} == {
            make_dead("one").id,
            make_dead("two").id,
        }
        (logged,) = [each for each in logs if each["event"] == "letter.not_told"]
        assert logged["error"] == "the broker did not take the error outputs, 5 times"


def test_only_of_recipes_with_error_outputs_the_body_is_kept_open(
    make_dead: MakeDead,
) -> None:
    quiet = {key: value for key, value in RECIPE.items() if key != "1"}
    quiet["1"] = {"queue": "resize", "output": [2]}

    kept = [
        read_entry(make_dead(body=body(it)), 1.0).envelope for it in (RECIPE, quiet)
    ]

    assert [envelope is not None for envelope in kept] == [True, False]


def test_a_batch_whose_notices_are_too_large_is_taken_apart(
    make_dead: MakeDead,
) -> None:
    large = body(payload="x" * 30_000_000)
    entries = [read_entry(make_dead(name, body=large), 1.0) for name in ("a", "b", "c")]
    teller = Teller()

    with pytest.raises(CrowdedError):
        teller.tellings(entries, ["a", "b", "c"])
    assert len(teller.tellings(entries[:1], ["a"])["a"].notices) == 1


def test_a_letter_that_comes_alone_again_and_again_is_told_so_often_and_no_more(
    make_dead: MakeDead,
) -> None:
    entries = [read_entry(make_dead(body=body()), 1.0)]
    teller = Teller()

    told = [len(teller.tellings(entries, ["a"])["a"].notices) for _ in range(TRIES + 2)]

    assert told == [1] * TRIES + [0, 0]


def test_an_id_that_is_none_of_ours_is_told_of_as_well(make_dead: MakeDead) -> None:
    dead = make_dead(body=body(), headers={ID: "7"})

    (telling,) = Teller().tellings([read_entry(dead, 1.0)], ["a"]).values()

    assert telling.notices[0].outgoing[0].message.headers[PARENT] == as_id("7")


@pytest.mark.parametrize(("retries", "counted"), [("0", 1), ("", 1), ("1", 0)])
async def test_an_adopted_message_counts_itself_the_first_time_that_it_ends(
    harness: MakeHarness, make_dead: MakeDead, retries: str, counted: int
) -> None:
    headers = {ADOPTED: "true"} | ({RETRIES: retries} if retries else {})
    async with harness(DeadLetters()) as h:
        await bury(h, make_dead(headers=headers))

        (event,) = h.events
        assert event.data["children"] == counted
