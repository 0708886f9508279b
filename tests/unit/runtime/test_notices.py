"""Who hears of a failure: the failed step's error outputs, or else the recipe's; no loops."""

from __future__ import annotations

from typing import Any

import pytest

from recado.envelope import Envelope
from recado.errors import Problem
from recado.ids import checksum, derived_id
from recado.letter import Letter
from recado.message import ADOPTED, PARENT, RUN
from recado.notices import Telling, hearers, may_be_heard, tell

CAUSE = derived_id("00000000-0000-0000-0000-000000000000", "failed")
LETTER = Letter(
    reason="schema",
    text="payload.width: is missing",
    queue="resize",
    attempts=1,
    at=5.0,
    service="resize",
    exception="recado.errors.SchemaError",
    problems=(Problem("payload.width", "is missing"),),
)


def envelope(
    steps: dict[str, Any], pointer: int = 1, path: list[Any] | None = None
) -> Envelope:
    recipe: dict[str, Any] = {"start": [[1, {}]], **steps}
    return Envelope(recipe, pointer, path or [], {"ID": "run"}, {"height": 3})


def told(envelope: Envelope) -> Telling:
    return tell(envelope, CAUSE, "5ce1b9c3bb4a", LETTER)


def queues(*names: str) -> dict[str, Any]:
    """Return steps from 2 on, each with a queue."""
    return {str(number): {"queue": name} for number, name in enumerate(names, 2)}


def test_a_step_that_hears_of_a_failure_gets_the_reason_and_the_payload() -> None:
    telling = told(
        envelope({"1": {"queue": "resize", "error": [2]}, **queues("errors")}, path=[7])
    )

    (notice,) = telling.notices
    (outgoing,) = notice.outgoing
    head = outgoing.message.headers
    assert (outgoing.queue, head[PARENT], head[RUN]) == ("errors", CAUSE, "run")
    heard = Envelope.read(outgoing.message)
    assert (heard.pointer, heard.path) == (2, [7, 1])
    assert heard.payload == {
        "error": {
            "reason": "schema",
            "text": "payload.width: is missing",
            "queue": "resize",
            "service": "resize",
            "attempts": 1,
            "at": 5.0,
            "letter": "5ce1b9c3bb4a",
            "exception": "recado.errors.SchemaError",
            "problems": [{"path": "payload.width", "text": "is missing"}],
        },
        "payload": {"height": 3},
    }
    assert (notice.children, notice.checksum) == (1, checksum(outgoing.message.id))


def test_the_same_letter_tells_the_same_and_another_one_tells_anew() -> None:
    failed = envelope({"1": {"queue": "resize", "error": 2}, **queues("errors")})

    first, again = told(failed), told(failed)
    other = tell(failed, CAUSE, "another", LETTER)

    assert first == again
    assert other.notices[0].outgoing[0].message.id != (
        first.notices[0].outgoing[0].message.id
    )


@pytest.mark.parametrize(
    ("own", "common", "pointer", "path", "expected"),
    [
        pytest.param(
            [2], [3], 1, [], [2], id="the step's own come before the recipe's"
        ),
        pytest.param(None, [3], 1, [], [3], id="the recipe's, if the step has none"),
        pytest.param([], [3], 1, [], [3], id="none is as if there were no key"),
        pytest.param([2, 2, 3], None, 1, [], [2, 3], id="each once"),
        pytest.param(None, None, 1, [], [], id="nobody"),
        pytest.param(None, [3], 3, [1], [], id="not of a failure in itself"),
        pytest.param(None, [2, 3], 4, [1, 3], [], id="nor of one behind it"),
        pytest.param([1, 2], [3], 1, [], [2], id="no step hears of itself"),
        pytest.param([1], [3], 1, [], [], id="nor the recipe's instead"),
        pytest.param([2, 3], None, 1, [2], [3], id="none that it came through"),
        pytest.param(None, [3], 4, ["3"], [], id="a foreign path may be of texts"),
        pytest.param(None, [3], 1, ["x", None, -1], [3], id="or of anything"),
    ],
)
def test_who_hears_of_a_failure(
    own: Any, common: Any, pointer: int, path: list[Any], expected: list[int]
) -> None:
    steps: dict[str, Any] = {"1": {"queue": "one"}, **queues("two", "three", "four")}
    if own is not None:
        steps[str(pointer)]["error"] = own
    if common is not None:
        steps["error"] = common

    failed = envelope(steps, pointer, path)
    assert hearers(failed) == expected
    assert may_be_heard(failed) or not expected


def test_an_error_step_may_be_told_of_by_its_own_error_output() -> None:
    steps = {"1": {"queue": "one"}, "error": [2], **queues("errors", "pager")}
    steps["2"] = {"queue": "errors", "error": [3]}

    assert hearers(envelope(steps, 2, [1])) == [3]
    assert hearers(envelope(steps, 3, [1, 2])) == []


def test_queue_and_topic_are_both_told_and_counted_once() -> None:
    steps = {
        "1": {"queue": "one", "error": [2]},
        "2": {"queue": "errors", "topic": "alarm", "exchange": "x", "priority": 8},
    }

    (notice,) = told(envelope(steps)).notices

    queue, topic = notice.outgoing
    assert (queue.queue, queue.exchange, queue.priority) == ("errors", "", 8)
    assert (topic.queue, topic.is_topic, notice.children) == ("alarm", True, 1)
    assert (notice.queues, notice.size) == ({"errors"}, len(queue.message.body))


def test_a_step_that_does_not_report_is_told_and_not_counted() -> None:
    steps = {
        "1": {"queue": "one", "error": [2]},
        "2": {"queue": "errors", "reports": False},
    }

    (notice,) = told(envelope(steps)).notices

    assert (notice.children, notice.checksum) == (0, 0)
    assert notice.outgoing[0].message.headers[ADOPTED] == "true"


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        ("pager", "invalid link 'pager'"),
        ([2, [3]], "error[1]: invalid link"),
        ([99], "there is no step 99"),
        ([3], "3: no queue and no topic"),
        ([4], "a delay is in seconds"),
        ([5], "queue: must be a text"),
        ([6], "6.topic: 'errors.>' is not a topic that any broker can have"),
        ([7], "7.topic: 'amq.errors' is not a topic"),
    ],
)
def test_a_hostile_recipe_is_a_trouble_and_no_error(error: Any, trouble: str) -> None:
    steps: dict[str, Any] = {
        "1": {"queue": "one", "error": error},
        "2": {"queue": "errors"},
        "3": {"service": "nowhere"},
        "4": {"queue": "late", "transport-delay": "long"},
        "5": {"queue": ["a"]},
        "6": {"topic": "errors.>"},
        "7": {"queue": "errors", "topic": "amq.errors"},
    }

    telling = told(envelope(steps))

    assert telling.notices == ()
    assert trouble in telling.troubles[0]


def test_one_step_that_cannot_be_told_keeps_no_other_from_it() -> None:
    steps = {"1": {"queue": "one", "error": [99, 2, 3]}, **queues("errors", "gone")}

    telling = told(envelope(steps)).without({"gone"})

    assert [each.step for each in telling.notices] == [2]
    assert len(telling.troubles) == 2
    assert telling.troubles[1] == "step 3: nobody has declared queue 'gone'"


def test_a_recipe_cannot_fill_the_memory_with_copies_of_itself() -> None:
    many = queues(*(f"q{number}" for number in range(1_000)))
    failed = envelope(
        {"1": {"queue": "one", "error": [int(key) for key in many]}} | many
    )
    large = envelope({"1": {"queue": "one", "error": [2, 3]}} | queues("a", "b"))
    large.payload = "x" * 40_000_000

    assert len(told(failed).notices) == 100
    assert told(failed).troubles == ("more than 100 steps are to hear of it",)
    assert [each.step for each in told(large).notices] == [2]
