"""Requests: each gets its reply, be it a refusal."""

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from recado import (
    Outbox,
    RecadoError,
    Reject,
    RetryLater,
    RetryPolicy,
    Service,
    answers,
)
from recado.errors import (
    ConflictError,
    NotFoundError,
    Problem,
    RecipeError,
    RemoteError,
    SchemaError,
)
from recado.message import ERROR, Message
from recado.requests import answer_in, ask, code_of
from recado.runtime.lanes import plans_for
from recado.testing import Harness
from recado.transport import sizes


class Name(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str


class Reply(BaseModel):
    greeting: str


class OddError(RecadoError):
    pass


class Desk(Service):
    def __init__(self, error: BaseException | None = None) -> None:
        self.errors = [error] if error else []

    @answers("desk.greet/1", Name, queue="desk")
    async def greet(self, request: Name, outbox: Outbox) -> dict[str, str]:
        await outbox.publish("letters", {"to": request.name})
        outbox.emit("desk", "greeted", {"name": request.name})
        if self.errors:
            raise self.errors[0]
        return {"greeting": f"hello {request.name}"}

    @answers("desk.count/1", Name, queue="desk")
    def count(self, request: Name, outbox: Outbox) -> int:
        return len(request.name)


async def test_each_type_of_a_queue_has_its_method() -> None:
    async with Harness(Desk(), queues=["letters"]) as h:
        assert await h.ask("desk.greet/1", {"name": "Ada"}) == {"greeting": "hello Ada"}
        assert await h.ask("desk.count/1", {"name": "Ada"}) == 3


async def test_what_a_request_sends_leaves_with_its_reply() -> None:
    async with Harness(Desk(), queues=["letters"]) as h:
        await h.ask("desk.greet/1", {"name": "Ada"})
        await h.settle()

        assert len(h.messages("letters")) == 1
        assert [each.type for each in h.events] == ["greeted"]


async def test_asking_returns_a_checked_model() -> None:
    async with Harness(Desk(), queues=["letters"]) as h:
        reply = await ask(
            h.transport, "desk", "desk.greet/1", {"name": "Ada"}, model=Reply
        )
        assert reply.greeting == "hello Ada"

        with pytest.raises(SchemaError, match=r"reply to desk.count/1"):
            await ask(h.transport, "desk", "desk.count/1", {"name": "Ada"}, model=Reply)


async def test_a_request_that_breaks_its_schema_is_answered_with_every_problem() -> (
    None
):
    async with Harness(Desk()) as h:
        with pytest.raises(SchemaError) as caught:
            await h.ask("desk.greet/1", {"nmae": "Ada"})

        assert [each.path for each in caught.value.problems] == ["name", "nmae"]


async def test_a_request_of_an_unknown_type_hears_the_nearest() -> None:
    async with Harness(Desk()) as h:
        with pytest.raises(NotFoundError, match=r"did you mean 'desk.greet/1'"):
            await h.ask("desk.great/1", {"name": "Ada"})


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RecipeError("hello.json", [Problem("1.queue", "is missing")]), "recipe"),
        (RemoteError("gone", "not here any more"), "gone"),
        (OddError("odd"), "odd"),
        (Reject("never"), "rejected"),
        (ValueError("a fault"), "internal"),
        (SystemExit(2), "internal"),
    ],
)
async def test_what_a_method_raises_is_the_reply(
    error: BaseException, code: str
) -> None:
    async with Harness(Desk(error), queues=["letters"]) as h:
        with pytest.raises(RemoteError) as caught:
            await h.ask("desk.greet/1", {"name": "Ada"})
        await h.settle()

        assert caught.value.code == code
        assert h.messages("letters") == []
        assert h.dead == []


async def test_problems_travel_with_their_paths() -> None:
    error = RecipeError("hello.json", [Problem("1.queue", "is missing")])
    async with Harness(Desk(error)) as h:
        with pytest.raises(RemoteError, match=r"^hello.json; 1.queue: is missing$"):
            await h.ask("desk.greet/1", {"name": "Ada"})


async def test_an_unexpected_error_tells_its_type_and_text_and_nothing_else() -> None:
    async with Harness(Desk(ValueError("a fault"))) as h:
        with pytest.raises(RemoteError) as caught:
            await h.ask("desk.greet/1", {"name": "Ada"})

        assert caught.value.text == "ValueError: a fault"


async def test_a_conflict_is_raised_as_one() -> None:
    async with Harness(Desk(ConflictError("run-1", "no_stream", 4))) as h:
        with pytest.raises(ConflictError) as caught:
            await h.ask("desk.greet/1", {"name": "Ada"})

        error = caught.value
        assert (error.stream, error.expected, error.actual) == ("run-1", "no_stream", 4)


async def test_a_name_that_is_not_known_is_raised_as_such() -> None:
    async with Harness(Desk(NotFoundError("no run 'x'"))) as h:
        with pytest.raises(NotFoundError, match="no run 'x'"):
            await h.ask("desk.greet/1", {"name": "Ada"})


async def test_a_reply_that_no_broker_takes_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Loud(Desk):
        @answers("desk.shout/1", Name, queue="desk")
        async def shout(self, request: Name, outbox: Outbox) -> str:
            return 1_000 * request.name

    monkeypatch.setattr(sizes, "MAX_BODY", 1_000)
    async with Harness(Loud()) as h:
        with pytest.raises(RemoteError, match="has 3002 bytes; at most 1000") as caught:
            await h.ask("desk.shout/1", {"name": "Ada"})

        assert caught.value.code == "rejected"
        assert caught.value.text.startswith("message to 'reply.")
        assert h.dead == []


async def test_a_request_may_be_put_off() -> None:
    desk = Desk(RetryLater(30.0))
    async with Harness(desk, queues=["letters"]) as h:
        await h.publish("desk", {"name": "Ada"}, type_="desk.greet/1")
        await h.settle()
        desk.errors.clear()
        await h.advance(31)

        assert len(h.messages("letters")) == 1
        assert h.dead == []


async def test_what_was_put_off_too_often_is_answered_in_the_end() -> None:
    class Impatient(Desk):
        retry = RetryPolicy(attempts=1)

    async with Harness(Impatient(RetryLater(30.0))) as h:
        with pytest.raises(RemoteError) as caught:
            await h.ask("desk.greet/1", {"name": "Ada"})

        assert caught.value.code == "unavailable"


async def test_without_anywhere_to_reply_to_a_bad_request_is_dead() -> None:
    async with Harness(Desk()) as h:
        await h.publish("desk", {"nmae": "Ada"}, type_="desk.greet/1")
        await h.publish("desk", {"name": "Ada"}, type_="desk.wave/1")
        await h.settle()

        assert sorted(each.reason for each in h.dead) == ["rejected", "schema"]


async def test_without_anywhere_to_reply_to_a_good_request_is_carried_out() -> None:
    async with Harness(Desk(), queues=["letters"]) as h:
        await h.publish("desk", {"name": "Ada"}, type_="desk.greet/1")
        await h.settle()

        assert len(h.messages("letters")) == 1
        assert h.dead == []


@pytest.mark.parametrize("body", [b"[1]", b'"x"', b"{}", b"null"])
def test_any_refusal_can_be_read(body: bytes) -> None:
    with pytest.raises(RemoteError) as caught:
        answer_in(Message(body, {ERROR: "odd"}))

    assert caught.value.code == "odd"


def test_a_refusal_that_cannot_be_read_is_one_all_the_same() -> None:
    reply = Message(b'{"text": 1, "problems": ["x", {"path": 2}]}', {ERROR: "schema"})
    with pytest.raises(RemoteError, match="cannot be read"):
        answer_in(reply)


def test_a_code_is_the_errors_name_in_snake_case() -> None:
    errors: list[tuple[Any, str]] = [
        (NotFoundError("x"), "not_found"),
        (OddError("x"), "odd"),
        (ConflictError("s", 1, 2), "conflict"),
    ]
    assert [code_of(error) for error, _ in errors] == [code for _, code in errors]


def test_a_queue_of_requests_may_have_a_concurrency_of_its_own() -> None:
    class Busy(Desk):
        concurrency = 2
        prefetch = 3

        @answers("busy.look/1", Name, queue="busy", concurrency=50)
        async def look(self, request: Name, outbox: Outbox) -> None: ...

        @answers("busy.wait/1", Name, queue="busy", concurrency=100)
        async def wait(self, request: Name, outbox: Outbox) -> None: ...

        @answers("single.wait/1", Name, queue="single", concurrency=1)
        async def wait_alone(self, request: Name, outbox: Outbox) -> None: ...

    rooms = {plan.source: (plan.workers, plan.prefetch) for plan in plans_for(Busy)}

    assert rooms == {"desk": (2, 3), "busy": (100, 200), "single": (1, 1)}
