"""Frames are read as they were meant, in pieces of any size, and quickly."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.transport.activemq.frames import (
    BrokenStreamError,
    Frame,
    FrameParser,
    frame,
)

TEXTS = st.text(st.characters(exclude_characters="\0", codec="utf-8"))
FRAMES = st.builds(
    Frame,
    st.sampled_from(["MESSAGE", "RECEIPT", "ERROR"]),
    st.dictionaries(TEXTS.filter(lambda t: t != "content-length"), TEXTS, max_size=4),
    st.binary(max_size=300),
)


def parsed(*pieces: bytes) -> list[Frame]:
    parser = FrameParser()
    frames: list[Frame] = []
    for piece in pieces:
        parser.feed_data(piece)
        frames += parser.pop_frames()
    return frames


def sized(each: Frame) -> bytes:
    headers = {**each.headers, "content-length": str(len(each.body))}
    return frame(each.command, headers, each.body)


@given(frames=st.lists(FRAMES, max_size=4), data=st.data())
def test_what_is_written_is_read_however_it_is_cut(
    frames: list[Frame], data: st.DataObject
) -> None:
    stream = b"\n".join(map(sized, frames))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [
        stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)
    ]

    read = parsed(*pieces)

    for each in read:
        del each.headers["content-length"]
    assert read == frames


def test_a_frame_without_a_length_ends_at_the_zero_byte() -> None:
    stream = b"\n\nERROR\nmessage:no\n\nsome text\0\nRECEIPT\nreceipt-id:1\n\n\0"

    whole = parsed(stream)
    bytewise = parsed(*(stream[i : i + 1] for i in range(len(stream))))

    assert whole == bytewise
    assert [(each.command, each.body) for each in whole] == [
        ("ERROR", b"some text"),
        ("RECEIPT", b""),
    ]


def test_one_broken_header_harms_nothing_else() -> None:
    stream = b"MESSAGE\nbroken\na:1\nb:2:3\n\nx\0" + frame(
        "RECEIPT", {"receipt-id": "1"}
    )

    first, second = parsed(stream)

    assert first == Frame("MESSAGE", {"a": "1", "b": "2:3"}, b"x")
    assert second.headers == {"receipt-id": "1"}


def test_of_a_repeated_header_the_first_counts() -> None:
    assert parsed(b"MESSAGE\na:1\na:2\n\n\0")[0].headers == {"a": "1"}


@pytest.mark.parametrize(
    "stream",
    [
        b"MESSAGE\ncontent-length:two\n\nxx\0",
        b"MESSAGE\ncontent-length:-5\n\nxx\0",
        b"MESSAGE\ncontent-length:9999999999\n\nxx\0",
        b"MESSAGE\ncontent-length:1\n\nxx\0",
    ],
)
def test_what_is_no_stream_of_frames_is_told(stream: bytes) -> None:
    with pytest.raises(BrokenStreamError):
        parsed(stream)


def test_a_large_body_is_read_in_a_moment() -> None:
    """Ten megabytes in pieces of 64 KiB; a parser that goes byte by byte needs seconds."""
    body = bytes(range(256)) * 40_000
    stream = frame("MESSAGE", {"content-length": str(len(body))}, body)
    pieces = [stream[at : at + 65_536] for at in range(0, len(stream), 65_536)]
    start = time.process_time()

    (read,) = parsed(*pieces)

    assert time.process_time() - start < 0.5
    assert read.body == body


def test_a_long_text_without_a_length_is_read_in_a_moment() -> None:
    stream = b"ERROR\n\n" + b"x" * 10_000_000 + b"\0"
    pieces = [stream[at : at + 65_536] for at in range(0, len(stream), 65_536)]
    start = time.process_time()

    (read,) = parsed(*pieces)

    assert time.process_time() - start < 0.5
    assert len(read.body) == 10_000_000
