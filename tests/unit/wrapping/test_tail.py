"""The end of a stream, as text."""

from __future__ import annotations

from recado.wrapping.tail import Tail


def test_a_short_stream_is_kept_whole() -> None:
    tail = Tail(100)

    tail.add(b"one\n")
    tail.add(b"two\n")

    assert tail.text() == "one\ntwo\n"


def test_of_a_long_stream_only_the_end_is_kept() -> None:
    tail = Tail(4)

    for _ in range(1000):
        tail.add(b"abcdefg")

    assert (tail.text(), tail.total) == ("defg", 7000)


def test_what_is_kept_does_not_grow() -> None:
    tail = Tail(1000)

    for _ in range(100):
        tail.add(bytes(5000))

    assert len(tail._kept) <= 2000  # pyright: ignore[reportPrivateUsage] # its memory


def test_no_limit_keeps_nothing() -> None:
    tail = Tail(0)

    tail.add(b"something")

    assert tail.text() == ""


def test_a_character_that_was_cut_in_two_is_left_out() -> None:
    tail = Tail(3)

    tail.add("äöü".encode())

    assert tail.text() == "ü"


def test_bytes_that_are_no_text_are_escaped() -> None:
    tail = Tail(100)

    tail.add(b"\xff\x00ok")

    assert tail.text() == "\\xff\\x00ok"


def test_a_whole_stream_that_begins_with_no_text_is_kept_whole() -> None:
    tail = Tail(100)

    tail.add(b"\x80\x81")

    assert tail.text() == "\\x80\\x81"
