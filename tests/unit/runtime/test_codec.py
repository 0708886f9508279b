"""A service's codec reads the whole body of what comes, and writes that of what it sends."""

from __future__ import annotations

import json
import zlib
from typing import ClassVar

import pytest

from recado import Codec, Message, Service, Step
from recado.envelope import Envelope
from recado.message import ID, RECIPE, Outgoing
from recado.testing import Harness


class Packed:
    """Compressed JSON."""

    def decode(self, body: bytes) -> object:
        return json.loads(zlib.decompress(body))

    def encode(self, value: object) -> bytes:
        return zlib.compress(json.dumps(value).encode())


class Bad(Packed):
    def encode(self, value: object) -> bytes:
        return 7  # type: ignore[return-value] # pyright: ignore[reportReturnType] - the error is the claim


class Echo(Service):
    queue = "echo"
    codec: ClassVar[Codec] = Packed()

    async def handle(self, message: Message, step: Step) -> None:
        step.send(message.payload)
        if message.payload == "again":
            step.checkpoint("last")


class Broken(Echo):
    name = "broken"
    queue = "broken"
    codec: ClassVar[Codec] = Bad()


async def test_what_a_service_gets_and_sends_is_in_its_codec() -> None:
    async with Harness(Echo()) as h:
        await h.send("again")
        await h.settle()

        assert h.sent == ["again", "last"]
        first, last = h.messages("sent")
        envelope = Envelope.read(first, Packed())
        assert (envelope.pointer, envelope.path, envelope.run) == (2, [1], "test-run")
        assert Envelope.read(last, Packed()).path == [1]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"{}", "cannot be read by Packed: error("),
        (zlib.compress(b"{"), "cannot be read by Packed: JSONDecodeError("),
        (zlib.compress(b"[]"), "must be an object, not list"),
    ],
    ids=["not packed", "not JSON within", "no envelope"],
)
async def test_a_body_that_its_codec_cannot_read_is_a_dead_letter_at_once(
    body: bytes, text: str
) -> None:
    async with Harness(Echo()) as h:
        head = {RECIPE: "true", ID: "0b9e3a5c-1f64-5d0e-9d4a-0b9e3a5c1f64"}
        await h.transport.publish([Outgoing("echo", Message(body, head))])
        await h.settle()

        (dead,) = h.dead
        assert dead.letter is not None
        assert (dead.reason, dead.letter.attempts) == ("schema", 1)
        assert text in dead.text
        assert dead.message.body == body


async def test_what_its_codec_cannot_write_is_a_dead_letter_at_once() -> None:
    async with Harness(Echo()) as source, Harness(Broken()) as h:
        message = await source.send("x")
        moved = Message(message.body, message.headers)
        await h.transport.publish([Outgoing("broken", moved)])
        await h.settle()

        (dead,) = h.dead
        assert dead.reason == "schema"
        assert "cannot be written by Bad: TypeError" in dead.text
