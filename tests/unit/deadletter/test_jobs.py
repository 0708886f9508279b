"""Retry jobs: whatever crashes when, each letter goes back and none is forgotten."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recado.schemas.letters import LetterFilter, ListRequest, RetryRequest, State
from recado_deadletter import jobs as jobs_module
from recado_deadletter.index import LetterIndex
from recado_deadletter.jobs import Chunk, RetryJobs

AddDead = Callable[..., str]
NONE: frozenset[str] = frozenset()
ALL = RetryRequest(where=LetterFilter())


def sent(chunk: Chunk) -> list[str]:
    return [letter.id for letter in chunk.letters]


def begin(
    jobs: RetryJobs,
    job: str = "job",
    request: RetryRequest = ALL,
    missing: frozenset[str] = NONE,
) -> Chunk:
    jobs.freeze(job, request, missing, 0.0)
    return jobs.advance(job, job, f"{job}-1", 0, missing)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "CHUNK_LETTERS", 2)


@pytest.fixture
def three(add_dead: AddDead) -> list[str]:
    return [add_dead(name) for name in ("one", "two", "three")]


@pytest.fixture
def states(index: LetterIndex, three: list[str]) -> Callable[[], list[str]]:
    return lambda: [index.show(id_).state for id_ in three]


def test_a_job_goes_from_chunk_to_chunk_and_confirms_each_by_the_next(
    jobs: RetryJobs, three: list[str], states: Callable[[], list[str]]
) -> None:
    first = begin(jobs)
    assert sent(first) == three[:2]
    assert states() == ["retrying"] * 3

    second = jobs.advance("job", "job-1", "job-2", first.upto, NONE)
    assert sent(second) == three[2:]
    assert states() == ["retried", "retried", "retrying"]

    end = jobs.advance("job", "job-2", "job-3", second.upto, NONE)
    assert sent(end) == []
    assert states() == ["retried"] * 3


def test_a_letter_that_died_after_the_freeze_is_not_in_the_job(
    jobs: RetryJobs, three: list[str], add_dead: AddDead
) -> None:
    first = begin(jobs)
    late = add_dead("late")

    second = jobs.advance("job", "job-1", "job-2", first.upto, NONE)

    assert late not in sent(first) + sent(second)


def test_a_request_that_comes_again_finds_its_job(
    jobs: RetryJobs, three: list[str], add_dead: AddDead
) -> None:
    reply = jobs.freeze("job", ALL, NONE, 0.0)
    add_dead("late")

    again = jobs.freeze("job", ALL, NONE, 0.0)

    assert again == reply
    assert again.count == 3


def test_a_note_that_comes_again_sends_the_same_chunk(
    jobs: RetryJobs, three: list[str]
) -> None:
    first = begin(jobs)

    once = jobs.advance("job", "job-1", "job-2", first.upto, NONE)
    again = jobs.advance("job", "job-1", "job-2", first.upto, NONE)

    assert once == again
    assert sent(once) == three[2:]


def test_a_note_that_comes_after_its_successor_sends_nothing(
    jobs: RetryJobs, three: list[str]
) -> None:
    first = begin(jobs)
    jobs.advance("job", "job-1", "job-2", first.upto, NONE)

    assert sent(jobs.advance("job", "job", "job-1", 0, NONE)) == []


def test_a_job_that_was_frozen_and_not_begun_is_resumed_by_one_start(
    jobs: RetryJobs, three: list[str]
) -> None:
    jobs.freeze("job", ALL, NONE, 0.0)

    assert jobs.resume("start-1") == ["job"]
    assert jobs.resume("start-1") == ["job"]  # the same, delivered again
    assert jobs.resume("start-2") == []
    assert sent(jobs.advance("job", "start-1", "note", 0, NONE)) == three[:2]


def test_once_a_job_was_resumed_the_requests_own_note_sends_nothing(
    jobs: RetryJobs, three: list[str]
) -> None:
    jobs.freeze("job", ALL, NONE, 0.0)
    jobs.resume("start")

    assert sent(begin(jobs)) == []


def test_a_job_that_was_begun_is_not_resumed(jobs: RetryJobs, three: list[str]) -> None:
    begin(jobs)

    assert jobs.resume("start") == []


def test_the_counts_that_are_kept_are_those_of_the_letters(
    jobs: RetryJobs, index: LetterIndex, add_dead: AddDead
) -> None:
    for number in range(6):
        add_dead(
            str(number), queue="ab"[number % 2], reason=["error", "timeout"][number > 3]
        )
    first = begin(jobs)
    jobs.advance("job", "job-1", "job-2", first.upto, frozenset({"b"}))

    states: list[State] = ["dead", "retrying", "retried"]
    for state in states:
        kept = index.page(ListRequest(where=LetterFilter(state=state)))
        counted = index.page(ListRequest(where=LetterFilter(state=state, since=0)))
        assert (kept.total, kept.queues, kept.reasons) == (
            counted.total,
            counted.queues,
            counted.reasons,
        )
    totals = [
        index.page(ListRequest(where=LetterFilter(state=s))).total for s in states
    ]
    assert totals == [2, 2, 2]


def test_two_requests_never_take_the_same_letter(
    jobs: RetryJobs, three: list[str]
) -> None:
    begin(jobs, "first", RetryRequest(ids=(three[0],)))

    reply = jobs.freeze("second", RetryRequest(ids=tuple(three)), NONE, 0.0)

    assert [each.letter for each in reply.retried] == three[1:]
    assert [(each.letter, each.why) for each in reply.refused] == [
        (three[0], "is being retried already")
    ]


def test_unknown_ids_are_refused_and_the_others_go(
    jobs: RetryJobs, three: list[str]
) -> None:
    request = RetryRequest(ids=(three[0], "xyz", three[0]))

    reply = jobs.freeze("job", request, NONE, 0.0)

    assert [each.letter for each in reply.retried] == [three[0]]
    assert reply.count == reply.refused_count == 1
    assert "no letter 'xyz'" in reply.refused[0].why


def test_a_filter_takes_only_what_it_selects(
    jobs: RetryJobs, add_dead: AddDead
) -> None:
    add_dead("one", queue="a")
    meant = add_dead("two", queue="b")

    chunk = begin(jobs, request=RetryRequest(where=LetterFilter(queue="b")))

    assert sent(chunk) == [meant]


def test_letters_go_to_another_queue_if_asked(
    jobs: RetryJobs, three: list[str]
) -> None:
    request = RetryRequest(where=LetterFilter(), to_queue="other")

    reply = jobs.freeze("job", request, NONE, 0.0)
    chunk = begin(jobs, "job", request)

    assert jobs.targets(request) == jobs.targets_of("job", 0) == {"other"}
    assert {letter.queue for letter in chunk.letters} == {"other"}
    assert {each.queue for each in reply.retried} == {"other"}


def test_letters_to_a_missing_queue_are_refused_and_stay_dead(
    jobs: RetryJobs, add_dead: AddDead, index: LetterIndex
) -> None:
    here, gone = add_dead("one", queue="here"), add_dead("two", queue="gone")
    assert jobs.targets(ALL) == {"here", "gone"}

    reply = jobs.freeze("job", ALL, frozenset({"gone"}), 0.0)

    assert [each.letter for each in reply.retried] == [here]
    assert [each.letter for each in reply.refused] == [gone]
    assert index.show(gone).state == "dead"


def test_a_queue_that_goes_missing_half_way_gives_its_letters_back(
    jobs: RetryJobs, add_dead: AddDead, index: LetterIndex
) -> None:
    freeze_all = [add_dead(str(n), queue="here") for n in range(2)]
    gone = add_dead("gone", queue="gone")
    last = add_dead("last", queue="here")
    first = begin(jobs)
    assert sent(first) == freeze_all

    second = jobs.advance("job", "job-1", "job-2", first.upto, frozenset({"gone"}))

    assert sent(second) == [last]
    assert index.show(gone).state == "dead"


def test_a_chunk_is_bounded_by_its_bytes_but_never_empty(
    jobs: RetryJobs, add_dead: AddDead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "CHUNK_BYTES", 10)
    large, small = add_dead("one", body=b"x" * 50), add_dead("two")

    first = begin(jobs)
    second = jobs.advance("job", "job-1", "job-2", first.upto, NONE)

    assert (sent(first), sent(second)) == ([large], [small])


def test_a_note_for_a_job_that_nobody_knows_does_nothing(jobs: RetryJobs) -> None:
    assert jobs.advance("nobody", "a", "b", 5, NONE) == Chunk("nobody")
