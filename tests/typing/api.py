"""What type checkers know of the public names; this file is checked and never run."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Sequence
from typing import Any, ClassVar, assert_type

from pydantic import BaseModel

from recado import (
    Codec,
    Event,
    Message,
    Outbox,
    RecadoError,
    Recipe,
    Reject,
    RetryLater,
    RetryPolicy,
    Service,
    Step,
    answers,
    hears,
    takes,
    takes_batch,
)
from recado.starting import Request
from recado.testing import DeadLetter, Harness
from recado.wrapping import Job, Wrapper


class Picture(BaseModel):
    width: int


class Size(BaseModel):
    of: str


class Resize(Service):
    queue = "resize"
    payload = Picture
    parameters = Size
    concurrency = 4
    retry = RetryPolicy(attempts=3, first_s=0.5)
    timeout_s = 30.0

    async def started(self) -> None:
        assert_type(self.context.instance, str)
        self.context.log.info("resize.started")

    async def handle(self, message: Message, step: Step) -> None:
        if not message.body:
            raise Reject("nothing in it")
        if message.headers.get("busy"):
            raise RetryLater(2.5, "busy")
        assert_type(step.run, str)
        assert_type(message.id, str)
        await step.send({"width": 800}, delay_s=1.0)
        await step.send_to("errors", {"width": 0}, priority=9)
        await step.emit("", "picture.resized", {"width": 800})

    async def stopped(self) -> None:
        self.context.log.info("resize.stopped")

    def status(self) -> dict[str, Any]:
        return {"pictures": 1}

    @takes("pictures", retry=RetryPolicy(attempts=1))
    async def picture(self, message: Message, outbox: Outbox) -> None:
        await outbox.publish("albums", {"id": message.id}, type_="album.add/1")

    @takes_batch("thumbnails", size=50)
    async def thumbnails(self, messages: Sequence[Message], outbox: Outbox) -> None:
        for message in messages:
            await outbox.emit("thumbnails", "thumbnail.made", {}, key=message.id)

    @answers("resize.size/1", Size, queue="sizes")
    async def size(self, request: Size, outbox: Outbox) -> Picture:
        if not request.of:
            raise RecadoError("a size of nothing")
        return Picture(width=800)

    @hears("command")
    async def command(self, message: Message, outbox: Outbox) -> None:
        self.context.log.info("resize.told", payload=message.payload)


class Reversed:
    def decode(self, body: bytes) -> object:
        return json.loads(body[::-1])

    def encode(self, value: object) -> bytes:
        return json.dumps(value).encode()[::-1]


class Backwards(Resize):
    codec: ClassVar[Codec] = Reversed()
    default_channel = "pictures"


class Blocking(Service):
    queue = "blocking"

    def handle(self, message: Message, step: Step) -> None:
        step.send(message.payload)


def what_is_sent_can_be_awaited_and_need_not_be(step: Step) -> None:
    assert_type(step.send(None), Awaitable[None])
    assert_type(step.checkpoint({"left": 2}, priority=1), Awaitable[None])
    assert_type(step.set_default_channel("pictures"), None)


async def a_decorator_leaves_a_method_as_it_is(outbox: Outbox) -> None:
    assert_type(await Resize().size(Size(of="one"), outbox), Picture)


async def the_harness_runs_any_service() -> None:
    async with Harness(Resize(), queues=["albums"], chance=lambda: 0.5) as h:
        assert_type(await h.send({"width": 1600}, outputs=["errors"]), Message)
        assert_type(await h.settle(), None)
        assert_type(await h.advance(60), None)
        assert_type(h.sent, list[Any])
        assert_type(await h.send({}, step={"timeout_s": 2}), Message)
        assert_type(h.dead, list[DeadLetter])
        assert_type(h.errors, list[Any])
        assert_type(h.events, list[Event])
        assert_type(h.messages("albums"), list[Message])


def a_recipe_is_read_and_looked_at(text: str) -> None:
    recipe = Recipe.read(text, "resize.json")
    assert_type(recipe, Recipe)
    assert_type(recipe.step(1).queue, str | None)
    for number, _payload in recipe.start:
        assert_type(number, int)


def a_filter_changes_a_request_and_returns_it(request: Request) -> Request:
    assert_type(request.parameters, dict[str, Any])
    assert_type(request.recipes, list[str])
    assert_type(request.said.user, str)
    request.parameters["beamline"] = "i03"
    return request


def what_does_not_fit_is_an_error(event: Event, step: Step) -> None:
    event.version = 2  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue] - the error is the claim
    RetryLater("soon")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - the error is the claim
    step.send_to({"width": 1})  # type: ignore[arg-type, call-arg] # pyright: ignore[reportArgumentType, reportCallIssue] - the error is the claim


class Reduce(Wrapper):
    async def run(self, job: Job) -> bool | None:
        assert_type(job.run, str)
        job.task = "reducing"
        job.update({"done": 1})
        await job.send_to("mine", job.payload, delay_s=1.0, headers={"a": "b"})
        await job.record_result_all_files(["a.nxs"])
        return None


class Block(Wrapper):
    def run(self, job: Job) -> None:
        job.send(job.parameters["x"])
