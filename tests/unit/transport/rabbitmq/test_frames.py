"""What is read and written by hand says the same as the library's frames."""

from __future__ import annotations

import pamqp.frame
import pytest
from pamqp import commands
from pamqp.body import ContentBody
from pamqp.common import FieldTable
from pamqp.header import ContentHeader

from recado.errors import RefusedError
from recado.transport.rabbitmq import frames
from recado.transport.rabbitmq.frames import Parcel

LIMIT = 4096


def parcel(
    body: bytes = b"{}", headers: dict[str, str] | None = None, key: str = "work"
) -> Parcel:
    return Parcel("", key, body, headers or {}, 4)


def unmarshalled(data: bytes) -> list[object]:
    found: list[object] = []
    while data:
        used, channel, frame = pamqp.frame.unmarshal(data)
        assert channel == 7
        found.append(frame)
        data = data[used:]
    return found


def test_a_publication_is_what_the_library_reads() -> None:
    headers = {"recado-id": "é ✓", "empty": "", "long": "x" * 300}
    sent = Parcel("ex", "wörk", b"body", headers, 9, expiration_ms=1500)

    method, header, body = unmarshalled(frames.publication(sent, 7, LIMIT))

    assert isinstance(method, commands.Basic.Publish)
    assert (method.exchange, method.routing_key) == ("ex", "wörk")
    assert method.mandatory is True
    assert isinstance(header, ContentHeader)
    assert header.properties.headers == headers
    assert header.properties.delivery_mode == 2
    assert header.properties.priority == 9
    assert header.properties.expiration == "1500"
    assert isinstance(body, ContentBody)
    assert body.value == b"body"


@pytest.mark.parametrize("size", [0, 1, LIMIT - 8, LIMIT - 7, 3 * LIMIT])
def test_a_body_is_cut_into_frames_within_the_limit(size: int) -> None:
    body = bytes(index % 256 for index in range(size))

    _, header, *parts = unmarshalled(frames.publication(parcel(body), 7, LIMIT))

    assert isinstance(header, ContentHeader)
    assert header.body_size == size
    values = [part.value for part in parts if isinstance(part, ContentBody)]
    assert b"".join(values) == body
    assert all(len(value) + 8 <= LIMIT for value in values)


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (parcel(headers={"big": "x" * LIMIT}), "at most 4088"),
        (parcel(headers={"n" * 256: ""}), "at most 255"),
        (parcel(key="q" * 256), "at most 255"),
        (parcel(headers={"half": "\ud800"}), "no text"),
        (parcel(key="\ud800"), "no text"),
    ],
)
def test_what_amqp_cannot_carry_is_refused_with_a_reason(
    sent: Parcel, why: str
) -> None:
    with pytest.raises(RefusedError, match=why):
        frames.publication(sent, 7, LIMIT)


def test_a_content_header_of_anybody_is_read() -> None:
    headers: FieldTable = {
        "text": "é",
        "flag": True,
        "count": -3,
        "none": None,
        "table": {"a": [1, "b"]},
        "bytes": bytearray(b"\xff"),
    }
    properties = commands.Basic.Properties(
        content_type="application/json",
        content_encoding="utf-8",
        headers=headers,
        delivery_mode=2,
        priority=7,
        correlation_id="c",
        reply_to="r",
        expiration="60000",
        message_id="m",
        app_id="a",
    )
    data = pamqp.frame.marshal(ContentHeader(0, 12, properties), 7)

    content = frames.content(data, 7)

    assert frames.body_size(data, 7) == content.size == 12
    assert (content.priority, content.expiration) == (7, "60000")
    assert {name: frames.as_text(it) for name, it in content.headers.items()} == {
        "text": "é",
        "flag": "True",
        "count": "-3",
        "none": "",
        "table": '{"a": [1, "b"]}',
        "bytes": "�",
    }


def test_a_header_that_cannot_be_read_is_an_error_and_no_crash() -> None:
    data = bytearray(pamqp.frame.marshal(ContentHeader(0, 2, None), 7))
    data[7 + 12 : 7 + 14] = b"\x20\x00"

    for cut in range(len(data) - 7 - 14):
        with pytest.raises(ValueError, match="cannot be read"):
            frames.content(bytes(data[: 7 + 14 + cut]), 7)


def test_a_delivery_is_read() -> None:
    method = commands.Basic.Deliver("turn-3", 2**40, True, "ex", "key")
    data = pamqp.frame.marshal(method, 7)

    assert frames.delivery(data, 11) == (b"turn-3", 2**40, True)


def test_a_returned_message_is_told_by_its_exchange_and_key() -> None:
    method = commands.Basic.Return(312, "NO_ROUTE", "ex", "key")

    assert frames.returned(pamqp.frame.marshal(method, 7), 11) == ("ex", "key")


def test_the_reason_of_a_close_is_read() -> None:
    method = commands.Channel.Close(406, "PRECONDITION_FAILED - too large", 60, 40)

    reason = frames.close_reason(pamqp.frame.marshal(method, 7), 11)

    assert reason == "406 PRECONDITION_FAILED - too large"


@pytest.mark.parametrize("multiple", [True, False])
def test_an_acknowledgement_is_what_the_library_reads(multiple: bool) -> None:
    data = frames.acknowledgement(7, 2**33, multiple=multiple)

    (method,) = unmarshalled(data)

    assert isinstance(method, commands.Basic.Ack)
    assert (method.delivery_tag, method.multiple) == (2**33, multiple)
