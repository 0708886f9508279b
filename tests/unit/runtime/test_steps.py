"""Recipe messages: handled, told, and given up at once if they break their schema."""

import pytest
from pydantic import BaseModel, ConfigDict

from recado import Message, Reject, Service, Step
from recado.events import HANDLED
from recado.ids import checksum
from recado.message import ID, RECIPE, RUN
from recado.testing import Harness


class Size(BaseModel):
    model_config = ConfigDict(extra="forbid")

    width: int


class Limits(BaseModel):
    size: float


class Resize(Service):
    queue = "resize"

    async def handle(self, message: Message, step: Step) -> None:
        await step.send({"width": message.payload["width"] // 2})


class Strict(Resize):
    name = "strict"
    payload = Size
    parameters = Limits

    async def handle(self, message: Message, step: Step) -> None:
        await step.send([message.payload.width, step.parameters.size])


class Blocking(Resize):
    name = "blocking"

    def handle(self, message: Message, step: Step) -> None:  # type: ignore[override] # blocks
        step.send({"width": message.payload["width"] * 2})


async def test_what_a_handler_sends_leaves_when_it_returns() -> None:
    async with Harness(Resize()) as h:
        await h.send({"width": 1600})
        await h.settle()

        assert h.sent == [{"width": 800}]


async def test_a_run_is_told_of_each_message_with_its_children() -> None:
    async with Harness(Resize()) as h:
        message = await h.send({"width": 1600})
        await h.settle()

        (event,) = h.events
        (child,) = h.messages("sent")
        assert (event.type, event.stream) == (HANDLED, "run-test-run")
        assert event.data["message"] == message.id
        assert event.data["children"] == 1
        assert event.data["checksum"] == format(checksum(child.id), "016x")
        assert {"queue", "service", "instance", "step", "attempt", "ms"} < set(
            event.data
        )


async def test_the_same_message_handled_twice_makes_the_same_child_and_event() -> None:
    async with Harness(Resize()) as h:
        for _ in range(2):
            await h.send(
                {"width": 2}, headers={ID: "0b9e3a5c-1f64-5d0e-9d4a-0b9e3a5c1f64"}
            )
        await h.settle()

        children = {each.id for each in h.messages("sent")}
        events = {each.id for each in h.events}
        assert (len(h.sent), len(children), len(events)) == (2, 1, 1)


async def test_a_blocking_handler_sends_from_its_thread() -> None:
    async with Harness(Blocking()) as h:
        for width in range(5):
            await h.send({"width": width})
        await h.settle()

        assert sorted(each["width"] for each in h.sent) == [0, 2, 4, 6, 8]


async def test_a_handler_gets_its_schemas_models() -> None:
    async with Harness(Strict()) as h:
        await h.send({"width": "7"}, parameters={"size": 1.5})
        await h.settle()

        assert h.sent == [[7, 1.5]]


async def test_all_problems_of_payload_and_parameters_are_in_the_letter_at_once() -> (
    None
):
    async with Harness(Strict()) as h:
        await h.send({"widht": 3}, parameters={"size": "large"})
        await h.settle()

        (dead,) = h.dead
        assert dead.letter is not None
        assert dead.reason == "schema"
        assert dead.letter.attempts == 1
        problems = {p.path: p.text for p in dead.letter.problems}
        assert set(problems) == {"payload.width", "payload.widht", "parameters.size"}
        assert "did you mean 'width'" in problems["payload.widht"]
        assert "'large'" in problems["parameters.size"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"{", ""),
        (b"[1]", ""),
        (b'{"recipe": {"1": {}}, "recipe-pointer": 2}', "recipe-pointer"),
        (b'{"recipe": 1, "recipe-pointer": 1}', "recipe"),
        (b"[" * 5_000, ""),
    ],
)
async def test_what_is_no_envelope_is_dead_at_once_with_its_bytes(
    body: bytes, path: str
) -> None:
    async with Harness(Resize()) as h:
        await h.publish("resize", body, headers={RECIPE: "true", RUN: "r"})
        await h.settle()

        (dead,) = h.dead
        assert dead.letter is not None
        assert (dead.reason, dead.message.body) == ("schema", body)
        assert [each.path for each in dead.letter.problems] == [path]


async def test_a_message_that_is_no_recipes_is_refused_by_a_step() -> None:
    async with Harness(Resize()) as h:
        await h.publish("resize", {"width": 2})
        await h.settle()

        (dead,) = h.dead
        assert dead.reason == "schema"
        assert "headers.workflows-recipe: is missing" in dead.text


async def test_a_rejected_message_is_dead_at_once_with_the_reason() -> None:
    class Picky(Resize):
        async def handle(self, message: Message, step: Step) -> None:
            await step.send("never seen")
            raise Reject("participant 7 did not turn up")

    async with Harness(Picky()) as h:
        await h.send({})
        await h.settle()

        (dead,) = h.dead
        assert (dead.reason, dead.text) == ("rejected", "participant 7 did not turn up")
        assert h.sent == []


async def test_a_message_without_an_id_is_given_one_for_all_its_attempts() -> None:
    seen: list[str] = []

    class Failing(Resize):
        async def handle(self, message: Message, step: Step) -> None:
            seen.append(message.id)
            if len(seen) < 3:
                raise OSError("away")
            await step.send({})

    async with Harness(Failing()) as h:
        await h.send({}, headers={ID: ""})
        await h.advance(60)

        assert len(seen) == 3
        assert len(set(seen)) == 1
        assert len(h.sent) == 1


async def test_an_id_that_is_no_uuid_is_derived_from_always_the_same_way() -> None:
    async with Harness(Resize()) as h:
        for _ in range(2):
            await h.send({"width": 2}, headers={ID: "ID:activemq-1:2:3"})
        await h.settle()

        assert len({each.id for each in h.messages("sent")}) == 1


async def test_an_event_that_has_no_json_form_is_the_fault_of_its_message_alone() -> (
    None
):
    class Telling(Resize):
        async def handle(self, message: Message, step: Step) -> None:
            step.emit("", "told", {"value": object() if message.payload["bad"] else 1})

    async with Harness(Telling()) as h:
        await h.send({"bad": True})
        await h.send({"bad": False})
        await h.settle()

        assert [each.reason for each in h.dead] == ["schema"]
        assert [each.type for each in h.events] == ["told", HANDLED]


async def test_named_outputs_are_captured_apart() -> None:
    class Sorting(Resize):
        async def handle(self, message: Message, step: Step) -> None:
            await step.send_to(
                "errors" if message.payload < 0 else "results", message.payload
            )

    async with Harness(Sorting()) as h:
        for number in (1, -2, 3):
            await h.send(number, outputs=["errors", "results"])
        await h.settle()

        assert h.sent_to("errors") == [-2]
        assert sorted(h.sent_to("results")) == [1, 3]
