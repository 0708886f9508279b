"""The dead-letter service at work on a broker."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from recado import Message, Step
from recado.clients.letters import Letters
from recado.config import Settings
from recado.errors import ConfigError, NotFoundError, RemoteError, SchemaError
from recado.events import DEAD, RETRIED, outcome_id
from recado.ids import as_id, derived_id
from recado.message import HISTORY, ID, LETTER, RECIPE, RETRIES, Outgoing
from recado.retry import RetryPolicy
from recado.runtime import Runtime
from recado.schemas.letters import QUEUE, RETRY, LetterFilter
from recado.service import Service
from recado.testing import Harness
from recado.transport.base import DEAD_LETTERS
from recado_deadletter import jobs as jobs_module
from recado_deadletter.database import Database
from recado_deadletter.service import RETRIES_QUEUE, SEND, DeadLetters
from recado_eventstore.facts import read_facts

MakeDead = Callable[..., Message]
MakeHarness = Callable[..., Harness]


@pytest.fixture
def harness(tmp_path: Path) -> MakeHarness:
    """Make a harness whose service keeps its files in the test's folder."""

    def make(service: Service, *, queues: Sequence[str] = ()) -> Harness:
        return Harness(service, settings=Settings(state=tmp_path), queues=queues)

    return make


class Resize(Service):
    queue = "resize"
    retry = RetryPolicy(attempts=1)

    async def handle(self, message: Message, step: Step) -> None:
        if message.headers.get(RETRIES) != "1":
            raise ValueError("no width")
        await step.send({"width": 1})


async def bury(h: Harness, *messages: Message) -> None:
    await h.transport.publish([Outgoing(DEAD_LETTERS, each) for each in messages])
    await h.settle()


async def shown(h: Harness) -> list[tuple[str, str]]:
    page = await Letters(h.transport).list(LetterFilter(state=None))
    return [(line.message, line.state) for line in page.letters]


def told(h: Harness, type_: str) -> list[Any]:
    return [event for event in h.events if event.type == type_]


async def test_a_dead_letter_is_indexed_acknowledged_and_told(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    async with harness(DeadLetters()) as h:
        dead = make_dead()
        await bury(h, dead)

        (line,) = (await Letters(h.transport).list()).letters
        assert (await h.transport.depth(DEAD_LETTERS)).total == 0
        (event,) = told(h, DEAD)
        assert event.id == outcome_id(dead.id, "0")
        assert event.stream == "run-run-1"
        assert event.data == {
            "message": dead.id,
            "letter": line.id,
            "queue": "resize",
            "service": "resize",
            "step": 2,
            "reason": "error",
            "text": "ValueError: no",
            "attempts": 5,
            "children": 0,
            "checksum": "0000000000000000",
        }


async def test_a_dead_letter_that_is_taken_is_not_told_as_handled(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    async with harness(DeadLetters()) as h:
        await bury(h, make_dead("one"), make_dead("two"))
        await bury(h, make_dead("three"))

        assert {event.type for event in h.events} == {DEAD}


async def test_a_dead_letter_of_no_run_is_indexed_and_not_told(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    async with harness(DeadLetters()) as h:
        await bury(h, make_dead(run=""), Message(b"\xff", {}))

        assert len(await shown(h)) == 2
        assert h.events == []


async def test_a_message_that_no_run_counts_is_indexed_and_not_told(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    async with harness(DeadLetters()) as h:
        await bury(h, make_dead(headers={RECIPE: "false"}))

        assert len(await shown(h)) == 1
        assert h.events == []


@pytest.mark.parametrize("id_", ["abc", "0B9E3A5C-1F64-5D0E-9D4A-0B9E3A5C1F64"])
async def test_a_death_is_told_with_an_id_that_the_event_store_takes(
    harness: MakeHarness, make_dead: MakeDead, id_: str
) -> None:
    async with harness(DeadLetters()) as h:
        await bury(h, make_dead(headers={ID: id_}))

        (event,) = told(h, DEAD)
        assert event.data["message"] == as_id(id_)
        assert event.id == outcome_id(as_id(id_), "0")
        assert read_facts([event])[0].dead == 1


async def test_a_dead_envelope_of_no_runs_header_is_told_in_its_run(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    body = b'{"recipe": {"1": {}}, "recipe-pointer": 1, "environment": {"ID": "r"}}'
    async with harness(DeadLetters()) as h:
        await bury(h, make_dead(run="", body=body))

        (event,) = told(h, DEAD)
        assert event.stream == "run-r"


@pytest.mark.parametrize(
    "id_",
    [b'{"a": 1}', b"1" * 4_000, b'"' + b"x" * 1_000_000 + b'"', b"[]"],
)
async def test_a_letter_whose_run_cannot_be_read_is_indexed_all_the_same(
    harness: MakeHarness, make_dead: MakeDead, id_: bytes
) -> None:
    body = b'{"recipe": {"1": {}}, "recipe-pointer": 1, "environment": {"ID": %b}}'
    async with harness(DeadLetters()) as h:
        await bury(h, make_dead(run="", body=body % id_))

        assert len(await shown(h)) == 1


async def test_a_letter_that_comes_again_is_told_again_with_the_same_id(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    async with harness(DeadLetters()) as h:
        await bury(h, make_dead())
        await bury(h, make_dead())

        assert len(await shown(h)) == 1
        assert len(told(h, DEAD)) == 2
        assert len({event.id for event in told(h, DEAD)}) == 1


async def test_show_has_the_exact_message_and_the_nearest_id_helps(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    async with harness(DeadLetters()) as h:
        dead = make_dead(body=b'{"width": null} ')
        await bury(h, dead)
        letters = Letters(h.transport)
        (line,) = (await letters.list()).letters

        detail = await letters.show(line.id[:6])

        assert base64.b64decode(detail.body) == dead.body
        assert detail.headers == dead.headers
        assert detail.content == {"width": None}
        with pytest.raises(NotFoundError, match=f"did you mean '{line.id}'"):
            await letters.show(line.id[:-1] + "x")


async def test_a_letter_goes_back_with_the_same_id_and_bytes_and_is_told(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    async with harness(DeadLetters(), queues=["resize"]) as h:
        dead = make_dead(body=b"\x00\xff", headers={HISTORY: "[]"})
        await bury(h, dead)
        letters = Letters(h.transport)
        (line,) = (await letters.list()).letters

        reply = await letters.retry(line.id)
        await h.settle()

        assert [(each.letter, each.queue) for each in reply.retried] == [
            (line.id, "resize")
        ]
        (sent,) = h.messages("resize")
        assert (sent.id, sent.body) == (dead.id, dead.body)
        assert sent.headers[RETRIES] == "1"
        assert LETTER not in sent.headers
        assert HISTORY not in sent.headers
        (event,) = told(h, RETRIED)
        assert event.id == derived_id(dead.id, "retried/1")
        assert await shown(h) == [(dead.id, "retried")]


async def test_a_retry_of_many_letters_goes_in_chunks(
    harness: MakeHarness, make_dead: MakeDead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "CHUNK_LETTERS", 3)
    async with harness(DeadLetters(), queues=["resize"]) as h:
        dead = [make_dead(str(number)) for number in range(10)]
        await bury(h, *dead)

        reply = await Letters(h.transport).retry(where=LetterFilter(reason="error"))
        await h.settle()

        assert reply.count == 10
        assert [each.id for each in h.messages("resize")] == [each.id for each in dead]
        assert {state for _, state in await shown(h)} == {"retried"}


async def test_letters_that_cannot_go_back_are_named_with_the_reason(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    async with harness(DeadLetters(), queues=["resize"]) as h:
        await bury(h, make_dead("one"), make_dead("two", queue="gone"))
        letters = Letters(h.transport)

        reply = await letters.retry(where=LetterFilter())
        again = await letters.retry(where=LetterFilter(), to_queue="nowhere")

        assert (reply.count, reply.refused_count) == (1, 1)
        assert "nobody has declared queue 'gone'" in reply.refused[0].why
        assert (again.count, again.refused_count) == (0, 1)
        assert "nobody has declared queue 'nowhere'" in again.refused[0].why


async def test_a_retry_must_say_which_letters_it_means(harness: MakeHarness) -> None:
    async with harness(DeadLetters()) as h:
        with pytest.raises(SchemaError, match="give either ids or where"):
            await h.ask(RETRY, {})


async def test_a_message_that_dies_again_is_a_letter_that_names_the_former(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    async with harness(DeadLetters(), queues=["resize"]) as h:
        await bury(h, make_dead())
        letters = Letters(h.transport)
        (first,) = (await letters.list()).letters
        await letters.retry(first.id)
        await h.settle()

        await bury(h, make_dead(retries=1))
        (second,) = (await letters.list()).letters

        assert second.retries == 1
        assert (await letters.show(second.id)).previous == first.id
        assert (await letters.show(first.id)).following == second.id
        assert {event.id for event in told(h, DEAD)} == {
            outcome_id(first.message, "0"),
            outcome_id(first.message, "1"),
        }


async def test_a_service_that_fails_once_is_done_after_the_retry(
    harness: MakeHarness,
) -> None:
    async with harness(Resize()) as h:
        keeper = Runtime(
            DeadLetters(), h.transport, h.runtime.settings, clock=h.clock, chance=float
        )
        await keeper.start()
        message = await h.send({})
        letters = Letters(h.transport)
        while not (found := (await letters.list()).letters):
            await h.settle()

        reply = await letters.retry(found[0].id)
        while not h.sent:
            await h.settle()

        assert [each.message for each in reply.retried] == [message.id]
        assert h.sent == [{"width": 1}]
        keeper.stop()
        await keeper.drain()


async def test_a_start_sends_what_a_crash_left_frozen(
    harness: MakeHarness, make_dead: MakeDead, tmp_path: Path
) -> None:
    async with harness(DeadLetters()) as h:
        await bury(h, make_dead())
    database = Database(tmp_path / "deadletters.db")
    with database.transaction() as connection:
        connection.execute("INSERT INTO jobs VALUES ('lost', NULL, 0, 'lost')")
        connection.execute("UPDATE letters SET state = 'retrying', job = 'lost'")
    database.close()

    async with harness(DeadLetters(), queues=["resize"]) as h:
        await h.settle()

        assert [each.id for each in h.messages("resize")] == [make_dead().id]
        assert await shown(h) == [(make_dead().id, "retried")]


async def test_dead_letters_wait_for_a_database_that_is_out_of_order(
    harness: MakeHarness, make_dead: MakeDead, tmp_path: Path
) -> None:
    service = DeadLetters()
    service.patience = RetryPolicy(first_s=0.001, cap_s=0.001)
    (tmp_path / "deadletters.db").mkdir()  # no database can be opened here

    async with harness(service) as h:
        await h.transport.publish([Outgoing(DEAD_LETTERS, make_dead())])
        with pytest.raises(RemoteError, match="not available now") as caught:
            await Letters(h.transport).list()
        assert caught.value.code == "unavailable"
        (tmp_path / "deadletters.db").rmdir()
        await h.settle()

        assert len(await shown(h)) == 1
        assert service.status() == {"indexed": 1, "database_waiting": False}


async def test_a_dead_letter_that_could_not_be_indexed_stays_when_the_service_stops(
    harness: MakeHarness, make_dead: MakeDead, tmp_path: Path
) -> None:
    (tmp_path / "deadletters.db").mkdir()
    async with harness(DeadLetters()) as h:
        await h.transport.publish([Outgoing(DEAD_LETTERS, make_dead())])
        h.runtime.stop()
        await h.settle()

        (left,) = await h.transport.browse(DEAD_LETTERS)
        assert left.state == "delayed"
        assert left.message.headers[LETTER] == make_dead().headers[LETTER]


async def test_a_database_of_a_newer_recado_ends_the_start(
    harness: MakeHarness, tmp_path: Path
) -> None:
    newer = sqlite3.connect(tmp_path / "deadletters.db")
    newer.execute("PRAGMA user_version = 99")
    newer.close()

    with pytest.raises(ConfigError, match="made by a newer recado"):
        await harness(DeadLetters()).__aenter__()


@pytest.mark.parametrize(
    ("type_", "value", "problem"),
    [
        ("letters.snd/1", {}, "did you mean 'letters.send/1'"),
        (SEND, {}, "job: is missing"),
    ],
)
async def test_a_note_that_cannot_be_read_is_given_up_and_indexed(
    harness: MakeHarness, type_: str, value: object, problem: str
) -> None:
    async with harness(DeadLetters()) as h:
        await h.publish(RETRIES_QUEUE, value, type_=type_)
        await h.settle()

        (line,) = (await Letters(h.transport).list()).letters
        assert (line.queue, line.reason) == (RETRIES_QUEUE, "schema")
        assert problem in line.text


async def test_an_unknown_request_is_refused_with_the_nearest(
    harness: MakeHarness,
) -> None:
    async with harness(DeadLetters()) as h:
        with pytest.raises(NotFoundError, match=r"letters\.list/1"):
            await h.ask("letters.lst/1", {})
        assert (await h.transport.depth(QUEUE)).total == 0


def moved(path: Path, target: Path) -> None:
    """Move a database, and the files that SQLite keeps beside it."""
    for end in ("-wal", "-shm", ""):
        Path(f"{path}{end}").rename(f"{target}{end}")


async def test_a_database_that_is_removed_is_waited_for_and_not_made_anew(
    tmp_path: Path, harness: MakeHarness, make_dead: MakeDead
) -> None:
    path, away = tmp_path / "deadletters.db", tmp_path / "away.db"
    service = DeadLetters()
    service.patience = RetryPolicy(first_s=0.001, cap_s=0.001)
    async with harness(service) as h:
        await bury(h, make_dead("one"))
        moved(path, away)
        await h.transport.publish([Outgoing(DEAD_LETTERS, make_dead("two"))])
        with pytest.raises(RemoteError, match="removed while it was in use; put it"):
            await shown(h)
        assert not path.exists()
        moved(away, path)
        await h.settle()

        assert len(await shown(h)) == 2


async def test_a_connection_that_failed_is_made_anew(
    harness: MakeHarness, make_dead: MakeDead
) -> None:
    service = DeadLetters()
    service.patience = RetryPolicy(first_s=0.001, cap_s=0.001)
    database: list[Database] = []

    class Watched(Database):
        def __init__(self, path: Path) -> None:
            super().__init__(path)
            database.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recado_deadletter.service.Database", Watched)
        async with harness(service) as h:
            await bury(h, make_dead("one"))
            await service.desk.attempt(
                lambda: database[0].connection().execute("PRAGMA query_only = 1")
            )
            await bury(h, make_dead("two"))

            assert len(await shown(h)) == 2
