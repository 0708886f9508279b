"""A dump file: what is written is what is read, and Zocalo's files are read as well."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.dumps import (
    LETTER_ID,
    Death,
    Destination,
    death_of,
    file_name,
    header_of,
    read_dump,
    written,
)
from recado.errors import SchemaError
from recado.letter import Letter
from recado.message import ADOPTED, ATTEMPT, HISTORY, ID, LETTER, RETRIES, Message

NOW = 1_700_000_000.0
DEATHS = [
    {
        "count": 1,
        "exchange": "",
        "queue": "resize",
        "reason": "delivery_limit",
        "routing-keys": ["resize"],
        "time": 1_600_000_000.0,
    }
]


def dumped(header: dict[str, Any], message: object) -> bytes:
    """Return a file as Zocalo writes it."""
    exported = {"date": "2026-11-21", "time": "10:00:00"}
    return json.dumps(
        {"exported": exported, "header": header, "message": message}, indent=2
    ).encode()


@given(st.binary(max_size=50) | st.text(max_size=20).map(str.encode))
def test_any_body_comes_back_byte_by_byte(body: bytes) -> None:
    assert read_dump(written({"a": "b"}, body, NOW)).body == body


@pytest.mark.parametrize(
    "body",
    [
        b'{"b": 1, "a":[1.0]}',
        b"",
        b"0",
        b"{}",
        b"NaN",
        b"1e999",
        b"9" * 5_000,
        b"[" * 900 + b"]" * 900,
        b'"\\ud800"',
    ],
)
def test_a_body_that_json_would_change_comes_back_as_it_was(body: bytes) -> None:
    assert read_dump(written({"a": "b"}, body, NOW)).body == body


def test_a_message_that_was_edited_is_sent_as_edited() -> None:
    content = json.loads(written({"a": "b"}, b'{"width":  true}', NOW))
    content["message"] = {"width": 1}

    assert read_dump(json.dumps(content).encode()).body == b'{"width":1}'


@pytest.mark.parametrize(("value", "body"), [({}, b"{}"), (0, b"0"), ("", b'""')])
def test_an_empty_payload_is_a_payload(value: object, body: bytes) -> None:
    assert read_dump(dumped({"x-death": DEATHS}, value)).body == body


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"no json", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "must be an object, not list"),
        (b'{"header": {}}', "message: is missing"),
        (b'{"message": 1}', "header: must be an object"),
        (b'{"header": [], "message": 1}', "header: must be an object"),
        (b'{"header": {"a": ["\\ud800"]}, "message": 1}', "header: holds half a char"),
        (b'{"header": {}, "message": 1, "body": 1}', "body: must be a text"),
        (b'{"header": {}, "message": 1, "body": "*"}', "body: not base64"),
    ],
)
def test_what_is_no_dump_is_told_with_its_path(content: bytes, problem: str) -> None:
    with pytest.raises(SchemaError, match=problem):
        read_dump(content)


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(SchemaError) as caught:
        read_dump(b'{"body": 1}')

    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("header", "destination"),
    [
        ({"x-death": DEATHS}, Destination("resize")),
        ({"x-death": [{"queue": "a", "exchange": "delayed"}]}, Destination("a")),
        ({"x-death": [{"queue": "dlq.a"}, {"queue": "b"}]}, Destination("b")),
        ({"x-death": json.dumps(DEATHS)}, Destination("resize")),
        ({"x-death": "[{'queue': 'a'}]", "x-first-death-queue": "b"}, Destination("b")),
        ({"original-destination": "/queue/zocalo.a"}, Destination("zocalo.a")),
        (
            {"original-destination": "/topic/a/b", "destination": "/queue/DLQ.x"},
            Destination("a/b", is_topic=True),
        ),
        ({"destination": "/queue/DLQ.zocalo.a"}, Destination("zocalo.a")),
        ({"destination": "/queue/zocalo.a"}, Destination("zocalo.a")),
        (
            Letter("error", "", "mine", 5, 1.0).header() | {"x-first-death-queue": "b"},
            Destination("mine"),
        ),
        ({LETTER: "broken", "x-first-death-queue": "b"}, Destination("b")),
    ],
)
def test_the_destination_is_where_the_message_was_sent_to(
    header: dict[str, Any], destination: Destination
) -> None:
    assert read_dump(dumped(header, 1)).destination == destination


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"x-death": []},
        {"x-death": [1, {"queue": None}]},
        {"x-death": 3},
        {"destination": "/queue/ActiveMQ.DLQ"},
        {"destination": "/temp-queue/a"},
        {"destination": 5},
    ],
)
def test_a_header_that_tells_of_no_destination_is_told(header: dict[str, Any]) -> None:
    with pytest.raises(SchemaError, match="tells of no queue"):
        _ = read_dump(dumped(header, 1)).destination


def test_what_brokers_wrote_is_taken_off_and_all_else_stays_with_its_value() -> None:
    header = {
        "x-death": DEATHS,
        "x-first-death-queue": "resize",
        "consumer_tag": "ctag1",
        "delivery_mode": 2,
        "exchange": "",
        "message-id": 1,
        "redelivered": False,
        "routing_key": "dlq.resize",
        "subscription": 1,
        "destination": "/queue/DLQ.a",
        "original-destination": "/queue/a",
        "originalExpiration": "0",
        "timestamp": "1",
        "expires": "0",
        "content-length": "5",
        "workflows-recipe": True,
        "count": 5,
        "list": [1, "a"],
        "nothing": None,
        "text": "x",
    }

    headers = dict(read_dump(dumped(header, 1)).message.headers)

    assert headers.pop(ID)
    assert headers == {
        "workflows-recipe": "True",
        "count": "5",
        "list": '[1, "a"]',
        "nothing": "",
        "text": "x",
        ADOPTED: "true",
        "dlq-reinjected": "True",
    }


@pytest.mark.parametrize(("letter", "retries"), [({LETTER_ID: "abc"}, "3"), ({}, "2")])
def test_the_history_is_taken_off_and_a_letter_of_the_service_is_retried_once_more(
    letter: dict[str, str], retries: str
) -> None:
    headers = {
        ID: "0f0e0d0c-0000-4000-8000-000000000001",
        ATTEMPT: "5",
        RETRIES: "2",
        HISTORY: "[]",
        **Letter("error", "", "mine", 5, 1.0).header(),
    }

    sent = read_dump(dumped(headers | letter, 1)).message.headers

    assert sent == {ID: headers[ID], RETRIES: retries, "dlq-reinjected": "True"}


def test_a_file_without_an_id_is_the_same_message_each_time_it_is_read() -> None:
    one, other = dumped({"x-death": DEATHS}, 1), dumped({"x-death": DEATHS}, 2)

    assert read_dump(one).message.id == read_dump(one).message.id
    assert read_dump(one).message.id != read_dump(other).message.id


def test_the_file_is_named_after_the_moment_of_the_death_and_the_id() -> None:
    folder, name = file_name("ID:a-1:2/../x", 1_600_000_000.123)

    assert len(folder) == 10
    assert name.startswith("msg-" + folder.replace("-", ""))
    assert name.endswith("-123-ID_a-1_2_.._x")
    assert len(file_name("x" * 1000, 1.0)[1]) < 200


def test_rabbitmqs_words_are_those_that_zocalo_reads() -> None:
    headers = {ID: "i", "x-death": json.dumps([DEATHS[0] | {"time": "2020-09-13"}])}
    message = Message(b"1", headers)
    death = death_of(message, "dlq.resize", NOW)

    header = header_of(message, death, "amqp")

    assert death == Death("resize", 1_599_955_200.0, "delivery_limit", "dlq.resize")
    assert header["x-death"] == [DEATHS[0] | {"time": 1_599_955_200.0}]
    assert (header["message-id"], header["routing_key"]) == ("i", "dlq.resize")


def test_activemqs_words_are_those_that_zocalo_reads() -> None:
    headers = {ID: "i", "timestamp": "1600000000123", "dlqDeliveryFailureCause": "why"}
    message = Message(b"1", headers)
    death = death_of(message, "DLQ.zocalo.resize", NOW)

    header = header_of(message, death, "stomp")

    assert death == Death("zocalo.resize", 1_600_000_000.123, "why", death.place)
    assert header == {
        ID: "i",
        "destination": "/queue/DLQ.zocalo.resize",
        "original-destination": "/queue/zocalo.resize",
        "dlqDeliveryFailureCause": "why",
        "timestamp": "1600000000123",
        "message-id": "i",
    }


def test_a_letter_is_told_in_a_brokers_words() -> None:
    letter = Letter("timeout", "too slow", "mine", 5, 1_600_000_000.0)
    message = Message(b"1", {ID: "i", **letter.header()})
    death = death_of(message, "", NOW)

    amqp, stomp = (header_of(message, death, wording) for wording in ("amqp", "stomp"))

    assert death == Death("mine", 1_600_000_000.0, "timeout", "")
    assert amqp["x-death"][0]["queue"] == "mine"
    assert stomp["original-destination"] == stomp["destination"] == "/queue/mine"


@pytest.mark.parametrize("at", ["Infinity", "NaN", "-1", "1e300"])
def test_a_time_that_is_none_is_now(at: str) -> None:
    header = Letter("error", "", "mine", 5, 1.0).header()
    header[LETTER] = header[LETTER].replace('"at":1.0', f'"at":{at}')

    assert death_of(Message(b"", header), "", NOW).at == NOW
    file_name("i", death_of(Message(b"", header), "", NOW).at)
