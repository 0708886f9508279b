"""Wake-ups reach one who listens, whoever else is dead, deaf or busy."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from recado.transport.embedded.wake import Ear, Waker, sweep


@pytest.fixture
def waker(tmp_path: Path) -> Generator[Waker]:
    with closing(Waker(tmp_path)) as waker:
        yield waker


@pytest.fixture
def ears(tmp_path: Path) -> Generator[list[Ear]]:
    ears = [Ear(tmp_path, 1, f"{number}-1") for number in range(4)]
    yield ears
    for ear in ears:
        ear.close()


def heard(ears: list[Ear]) -> list[int]:
    return [ear.drain() for ear in ears]


def test_as_many_are_woken_as_there_are_messages(waker: Waker, ears: list[Ear]) -> None:
    waker.wake(1, 2)

    assert sorted(heard(ears)) == [0, 0, 4, 4]


def test_each_is_woken_once_however_many_messages_there_are(
    waker: Waker, ears: list[Ear]
) -> None:
    waker.wake(1, 100)

    assert heard(ears) == [4, 4, 4, 4]
    assert heard(ears) == [0, 0, 0, 0]


def test_they_take_turns(waker: Waker, ears: list[Ear]) -> None:
    for _ in ears:
        waker.wake(1, 1)

    assert heard(ears) == [4, 4, 4, 4]


def test_those_of_this_process_are_left_out(waker: Waker, ears: list[Ear]) -> None:
    waker.wake(1, 4, but={ears[0].path, ears[2].path})

    assert heard(ears) == [0, 2, 0, 2]


def test_a_wake_up_that_is_passed_on_goes_round_to_everyone(
    waker: Waker, ears: list[Ear]
) -> None:
    waker.wake(1, 1)
    order: list[int] = []

    while hops := heard(ears):
        if not any(hops):
            break
        at = hops.index(max(hops))
        order.append(at)
        waker.pass_on(1, hops[at] - 1, ears[at].path)

    assert sorted(order) == [0, 1, 2, 3]
    assert order == [(order[0] + step) % 4 for step in range(4)]


def test_other_queues_are_not_woken(waker: Waker, ears: list[Ear]) -> None:
    waker.wake(2, 1)

    assert heard(ears) == [0, 0, 0, 0]


def test_the_dead_are_passed_over_and_removed(
    waker: Waker, ears: list[Ear], tmp_path: Path
) -> None:
    for ear in ears[:3]:
        ear.socket.close()

    waker.wake(1, 1)

    assert ears[3].drain() > 0
    assert len(os.listdir(tmp_path / "1")) <= 3


def test_who_does_not_read_is_passed_over(waker: Waker, ears: list[Ear]) -> None:
    for _ in range(4_000):
        waker.pass_on(1, 1, ears[0].path)

    assert all(heard(ears[1:]))


def test_who_begins_to_listen_is_heard_of_at_once(
    waker: Waker, ears: list[Ear], tmp_path: Path
) -> None:
    waker.wake(1, 9)
    heard(ears)

    with closing(Ear(tmp_path, 1, "5-1")) as late:
        waker.wake(1, 9)

        assert late.drain() > 0


def test_the_last_to_leave_removes_the_folder(tmp_path: Path, waker: Waker) -> None:
    first, second = Ear(tmp_path, 3, "1-1"), Ear(tmp_path, 3, "2-1")

    first.close()
    assert (tmp_path / "3").exists()
    second.close()

    assert not (tmp_path / "3").exists()
    waker.wake(3, 1)


def test_a_name_can_be_used_again_after_a_crash(tmp_path: Path) -> None:
    Ear(tmp_path, 3, "1-1").socket.close()

    with closing(Ear(tmp_path, 3, "1-1")) as again, closing(Waker(tmp_path)) as waker:
        waker.wake(3, 1)

        assert again.drain() == 1


def test_a_path_that_no_socket_can_have_leaves_nothing_open(tmp_path: Path) -> None:
    files = len(os.listdir("/proc/self/fd"))

    with pytest.raises(OSError, match="too long"):
        Ear(tmp_path, 1, "x" * 120)

    assert len(os.listdir("/proc/self/fd")) == files


def test_what_a_dead_process_listened_at_is_swept_away(
    tmp_path: Path, ears: list[Ear]
) -> None:
    for queue, name in ((1, "9-1"), (2, "9-2"), (2, "99-1"), (3, "9-3")):
        Ear(tmp_path, queue, name).socket.close()

    sweep(tmp_path, 9)

    assert sorted(os.listdir(tmp_path)) == ["1", "2"]
    assert os.listdir(tmp_path / "2") == ["99-1"]
    assert len(os.listdir(tmp_path / "1")) == len(ears)
