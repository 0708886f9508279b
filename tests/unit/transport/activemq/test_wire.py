"""Headers reach a broker that limits their lines, or are refused before they are sent."""

from __future__ import annotations

import pytest

from recado.errors import RefusedError
from recado.transport.activemq.frames import FrameParser
from recado.transport.activemq.wire import own_headers, rest

LINE = 10 * 1024
LINES = 1000


@pytest.mark.parametrize(
    "headers",
    [
        {"n" * 500: "v"},
        {"n" * 500: "\U0001f600" * 100_000},
        {"\U0001f600" * 125: ":" * 100_000},
        {"JMSXGroupID": "v", "destination": "v" * 5_000},
        {f"h{number}": "v" for number in range(980)},
    ],
    ids=["name", "parts", "escaped", "reserved", "many"],
)
def test_what_is_sent_keeps_within_the_limits(headers: dict[str, str]) -> None:
    sent = rest(headers, b"")

    lines = sent.split(b"\n\n")[0].split(b"\n")
    assert max(map(len, lines)) <= LINE
    assert len(lines) < LINES - 10
    parser = FrameParser()
    parser.feed_data(b"MESSAGE\n" + sent)
    assert own_headers(parser.pop_frames()[0]) == headers


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"n" * 501: "v"}, "501 bytes"),
        ({":" * 251: "v"}, "502 bytes"),
        ({f"h{number}": "v" for number in range(981)}, "981 lines"),
        ({"h": "v" * 2_400 * 981}, "981 lines"),
    ],
    ids=["name", "escaped", "many", "long"],
)
def test_what_exceeds_the_limits_is_refused(headers: dict[str, str], why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        rest(headers, b"")
