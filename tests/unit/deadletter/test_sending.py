"""Which letters may go back, and as what."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recado.ids import derived_id
from recado.message import ATTEMPT, HISTORY, ID, LETTER, RECIPE, RETRIES, Message
from recado.schemas.letters import State
from recado_deadletter.entry import read_entry
from recado_deadletter.sending import (
    Candidate,
    Frozen,
    resent,
    retried_event,
    sort_out,
)

NONE: frozenset[str] = frozenset()


def candidate(queue: str = "resize", state: State = "dead") -> Candidate:
    return Candidate(1, "abc", "message", queue, state)


def frozen(message: Message) -> Frozen:
    entry = read_entry(message, 0.0)
    return Frozen(
        1,
        "abc",
        entry.message,
        entry.retries,
        "resize",
        entry.headers,
        entry.body,
        entry.run,
    )


def test_a_dead_letter_of_a_declared_queue_may_go_back() -> None:
    assert sort_out([candidate()], None, NONE) == ([candidate()], [])


@pytest.mark.parametrize(
    ("letter", "to_queue", "why"),
    [
        (candidate(state="retrying"), None, "is being retried already"),
        (candidate(state="retried"), None, "was retried already"),
        (candidate(queue=""), None, "name one to send it to"),
        (candidate(), "gone", "nobody has declared queue 'gone'"),
        (candidate(queue="gone"), None, "nobody has declared queue 'gone'"),
    ],
)
def test_a_letter_that_may_not_go_back_is_refused_with_the_reason(
    letter: Candidate, to_queue: str | None, why: str
) -> None:
    going, refused = sort_out([letter], to_queue, frozenset({"gone"}))

    assert going == []
    assert [each.letter for each in refused] == ["abc"]
    assert why in refused[0].why


def test_another_queue_helps_where_the_first_is_unknown_or_gone() -> None:
    letters = [candidate(queue=""), candidate(queue="gone")]

    assert sort_out(letters, "other", frozenset({"gone"})) == (letters, [])


def test_a_message_goes_back_as_it_was_with_one_retry_more(
    make_dead: Callable[..., Message],
) -> None:
    message = make_dead(
        body=b"\x00exact",
        retries=1,
        headers={
            HISTORY: "[]",
            ATTEMPT: "5",
            "x-death": "…",
            "x-first-death-queue": "q",
            "scheduledJobId": "7",
        },
    )

    sent = resent(frozen(message))

    assert (sent.queue, sent.mandatory) == ("resize", True)
    assert sent.message.body == b"\x00exact"
    assert sent.message.id == message.id
    gone = {
        LETTER,
        HISTORY,
        ATTEMPT,
        "x-death",
        "x-first-death-queue",
        "scheduledJobId",
    }
    kept = {k: v for k, v in message.headers.items() if k not in gone}
    assert sent.message.headers == kept | {RETRIES: "2"}


def test_a_message_that_came_without_an_id_goes_back_with_one() -> None:
    letter = frozen(Message(b"", {"foreign": "1"}))

    sent = resent(letter)

    assert sent.message.headers == {ID: letter.message, "foreign": "1", RETRIES: "1"}


def test_a_runs_retry_is_told_with_an_id_of_its_own(
    make_dead: Callable[..., Message],
) -> None:
    message = make_dead(retries=1)

    event = retried_event(frozen(message), 9.0)

    assert event is not None
    assert (event.stream, event.type, event.at) == (
        "run-run-1",
        "message.retried",
        9.0,
    )
    assert event.id == derived_id(message.id, "retried/2")
    assert event.data == {
        "message": message.id,
        "letter": "abc",
        "queue": "resize",
        "retries": 2,
    }


def test_a_retry_of_no_run_is_not_told(make_dead: Callable[..., Message]) -> None:
    assert retried_event(frozen(make_dead(run="")), 9.0) is None


def test_the_retry_of_a_message_that_no_run_counts_is_not_told(
    make_dead: Callable[..., Message],
) -> None:
    message = make_dead(headers={RECIPE: "false"})

    assert retried_event(frozen(message), 9.0) is None
