"""What a handler raises: retries by the policy, then a dead letter that says it all."""

import asyncio
import threading

import pytest

from recado import Message, RetryLater, RetryPolicy, Service, Step
from recado.errors import SchemaError, UnroutableError
from recado.events import FAILED, HANDLED
from recado.letter import Failure, history_header, read_history
from recado.message import Message as Wire
from recado.runtime.judge import Attempt, Dead, Place, Retry, exhausted, judge
from recado.testing import Harness
from recado.transport import sizes

PLACE = Place("resize", "host.1", "resize", RetryPolicy(attempts=3, jitter=0))


def attempt(number: int, headers: dict[str, str] | None = None) -> Attempt:
    return Attempt(PLACE, Wire(b"{}", headers or {}), number, 1000.0, "run", 4)


class Raising(Service):
    queue = "raising"

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)

    async def handle(self, message: Message, step: Step) -> None:
        await step.send("half done")
        if self.errors:
            raise self.errors.pop(0)


def test_a_wait_grows_by_the_policy() -> None:
    verdicts = [judge(OSError("x"), attempt(n), 0.0) for n in (1, 2)]

    assert [v.after_s for v in verdicts if isinstance(v, Retry)] == [1.0, 2.0]


def test_the_last_attempt_is_dead_with_traceback_and_history() -> None:
    headers = history_header([], Failure(1, 900.0, "host.0", "OSError: before"))
    try:
        raise ValueError("too wide")
    except ValueError as error:
        verdict = judge(error, attempt(3, headers), 0.0)

    assert isinstance(verdict, Dead)
    letter = verdict.letter
    assert (letter.reason, letter.attempts, letter.step) == ("error", 3, 4)
    assert letter.exception == "ValueError"
    assert "too wide" in letter.traceback
    assert [each.attempt for each in read_history(verdict.headers)] == [1, 3]


@pytest.mark.parametrize("after_s", [-1.0, float("nan"), float("inf"), 3.0])
def test_a_handlers_own_wait_is_kept_within_reason(after_s: float) -> None:
    verdict = judge(RetryLater(after_s), attempt(1), 0.0)

    assert isinstance(verdict, Retry)
    assert 0 <= verdict.after_s <= 30 * 86_400


def test_what_raises_nothing_json_can_hold_is_described_anyway() -> None:
    verdict = judge(ValueError("\ud800"), attempt(3), 0.0)

    assert isinstance(verdict, Dead)
    assert "\\ud800" in verdict.letter.text


def test_attempts_that_came_to_no_verdict_are_counted() -> None:
    headers = history_header([], Failure(1, 900.0, "host.0", "OSError: before"))

    dead = exhausted(attempt(4, headers))

    assert dead is not None
    assert dead.letter.reason == "ceiling"
    assert dead.letter.attempts == 3
    assert (
        "gave up after 3 attempts; 2 of them ended without a verdict"
        in dead.letter.text
    )
    assert exhausted(attempt(3)) is None


def test_a_history_that_cannot_be_read_is_no_obstacle() -> None:
    for text in ("{", "[1]", '[{"x": 1}]', "7"):
        assert isinstance(
            judge(OSError(), attempt(1, {"recado-history": text}), 0), Retry
        )


def test_a_document_with_problems_is_never_tried_again() -> None:
    verdict = judge(SchemaError("study", []), attempt(1), 0.0)

    assert isinstance(verdict, Dead)
    assert verdict.letter.reason == "schema"


async def test_a_failed_message_comes_back_and_nothing_of_the_failure_leaves() -> None:
    async with Harness(Raising(OSError("away"), RuntimeError("still"))) as h:
        await h.send({})
        await h.settle()
        assert h.sent == []

        await h.advance(10)

        assert h.sent == ["half done"]
        assert [each.type for each in h.events] == [FAILED, FAILED, HANDLED]
        assert h.events[0].data["error"] == "OSError: away"
        assert h.events[2].data["attempt"] == 3


async def test_a_message_is_tried_five_times_and_then_dead() -> None:
    async with Harness(Raising(*(OSError(str(n)) for n in range(9)))) as h:
        await h.send({})
        await h.advance(600)

        (dead,) = h.dead
        assert dead.letter is not None
        assert (dead.reason, dead.letter.attempts) == ("error", 5)
        assert len(read_history(dead.message.headers)) == 5


async def test_a_neighbour_of_a_failing_message_is_not_held_up() -> None:
    class Picky(Service):
        queue = "picky"
        concurrency = 1

        async def handle(self, message: Message, step: Step) -> None:
            if message.payload == 13:
                raise ValueError("unlucky")
            await step.send(message.payload)

    async with Harness(Picky()) as h:
        for number in range(20):
            await h.send(number)
        await h.settle()

        assert sorted(h.sent) == [n for n in range(20) if n != 13]


@pytest.mark.parametrize(
    "error",
    [
        SystemExit(3),
        KeyboardInterrupt(),
        MemoryError(),
        RecursionError(),
        GeneratorExit(),
        asyncio.CancelledError(),
        StopAsyncIteration(),
        BaseException("odd"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_whatever_a_handler_raises_ends_the_message_not_the_service(
    error: BaseException,
) -> None:
    async with Harness(Raising(error)) as h:
        await h.send({})
        await h.advance(10)

        assert h.sent == ["half done"]
        assert type(error).__name__ in h.events[0].data["error"]


async def test_whatever_a_blocking_handler_raises_ends_the_message_too() -> None:
    class Blocking(Service):
        queue = "blocking"
        retry = RetryPolicy(attempts=1)

        def handle(self, message: Message, step: Step) -> None:
            raise {"stop": StopIteration, "exit": SystemExit}[message.payload]

    async with Harness(Blocking()) as h:
        await h.send("stop")
        await h.send("exit")
        await h.settle()

        texts = sorted(each.text for each in h.dead)
        assert texts == ["RuntimeError: coroutine raised StopIteration", "SystemExit"]


async def test_a_handler_may_say_when_it_wants_to_see_the_message_again() -> None:
    async with Harness(Raising(RetryLater(90.0))) as h:
        await h.send({})
        await h.advance(89)
        assert h.sent == []

        await h.advance(2)

        assert h.sent == ["half done"]


async def test_coming_later_counts_as_an_attempt() -> None:
    async with Harness(Raising(*(RetryLater(1.0) for _ in range(9)))) as h:
        await h.send({})
        await h.advance(30)

        (dead,) = h.dead
        assert dead.text == "asked to come again in 1 s"


class Slow(Service):
    queue = "slow"
    timeout_s = 5.0
    retry = RetryPolicy(attempts=2)

    async def handle(self, message: Message, step: Step) -> None:
        if message.payload == "hang":
            await asyncio.Event().wait()
        await step.send(message.payload)


async def test_a_handler_that_takes_too_long_fails_and_the_others_go_on() -> None:
    async with Harness(Slow()) as h:
        await h.send("hang")
        await h.send("quick")
        await h.advance(5)
        assert h.sent == ["quick"]

        await h.advance(10)

        (dead,) = h.dead
        assert dead.reason == "timeout"
        assert dead.text == "took longer than 5 s"


async def test_a_timeout_of_the_handlers_own_is_an_error_like_any_other() -> None:
    async with Harness(Raising(*(TimeoutError("of its own") for _ in range(9)))) as h:
        await h.send({})
        await h.advance(600)

        assert [each.reason for each in h.dead] == ["error"]


async def test_a_blocking_handler_that_is_stuck_holds_up_nobody() -> None:
    free = threading.Event()

    class Stuck(Service):
        queue = "stuck"
        timeout_s = 5.0
        concurrency = 1
        retry = RetryPolicy(attempts=1)

        def handle(self, message: Message, step: Step) -> None:
            if message.payload == "hang":
                free.wait()
            step.send(message.payload)

    async with Harness(Stuck()) as h:
        await h.send("hang")
        await h.send("quick")
        await h.advance(6)

        assert h.sent == ["quick"]
        assert [each.reason for each in h.dead] == ["timeout"]
        assert h.runtime.is_stuck
        free.set()


async def test_sending_to_an_undeclared_queue_is_tried_again_and_then_dead() -> None:
    class Lost(Service):
        queue = "lost"
        retry = RetryPolicy(attempts=2)

        async def handle(self, message: Message, step: Step) -> None:
            if message.payload == "lost":
                await step.publish("nowhere", {})
            await step.send(message.payload)

    async with Harness(Lost()) as h:
        await h.send("lost")
        await h.send("fine")
        await h.advance(60)

        (dead,) = h.dead
        assert dead.reason == "unroutable"
        assert dead.text == "nobody has declared queue 'nowhere'"
        assert h.sent == ["fine"]
        assert [each.type for each in h.events].count(FAILED) == 1


def test_a_handlers_own_publish_to_nowhere_has_the_same_reason() -> None:
    verdict = judge(UnroutableError("nobody has declared queue 'x'"), attempt(3), 0.0)

    assert isinstance(verdict, Dead)
    assert verdict.letter.reason == "unroutable"


async def test_what_sends_a_message_that_no_broker_takes_is_given_up_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Loud(Service):
        queue = "loud"

        async def handle(self, message: Message, step: Step) -> None:
            await step.send("before")
            await step.send("x" * 20_000)

    monkeypatch.setattr(sizes, "MAX_BODY", 10_000)
    async with Harness(Loud()) as h:
        await h.send({})
        await h.settle()

        assert h.sent == []
        (dead,) = h.dead
        assert dead.letter is not None
        assert (dead.reason, dead.letter.attempts) == ("rejected", 1)
        assert "bytes; at most 10000 can be sent" in dead.letter.text
