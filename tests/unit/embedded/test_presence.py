"""Lock files: who holds one is there, and says what it has begun."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from recado.transport.embedded.presence import (
    Presence,
    WriteLock,
    begun,
    gone,
    is_gone,
)


@contextmanager
def files_of_at_most(size: int) -> Generator[None]:
    """Have the kernel refuse larger files, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, former)


@contextmanager
def forked() -> Generator[None]:
    """Have a child like those of multiprocessing, which outlives what its parent does."""
    (begun_, begins), (stays, ends) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ends)
        os.write(begins, b"!")
        os.read(stays, 1)
        os._exit(0)
    os.read(begun_, 1)
    try:
        yield
    finally:
        os.close(ends)
        os.waitpid(child, 0)
        for file in (begun_, begins, stays):
            os.close(file)


def test_who_holds_its_lock_is_not_gone(tmp_path: Path) -> None:
    presence = Presence(tmp_path, 1)

    assert not is_gone(tmp_path, 1)
    assert gone(tmp_path, [1], self_=2) == []
    presence.remove()


def test_who_let_go_of_its_lock_is_gone_and_what_it_had_begun_is_known(
    tmp_path: Path,
) -> None:
    presence = Presence(tmp_path, 1)
    slots = [presence.begin(row) for row in (11, 12, 13)]
    presence.end(slots[1])

    presence.let_go()

    assert gone(tmp_path, [], self_=2) == [1]
    assert begun(tmp_path, 1) == [11, 13]


def test_who_is_registered_without_a_file_is_gone(tmp_path: Path) -> None:
    assert gone(tmp_path, [7], self_=2) == [7]
    assert begun(tmp_path, 7) == []


def test_one_is_not_gone_oneself(tmp_path: Path) -> None:
    assert gone(tmp_path, [2], self_=2) == []


def test_nobody_is_there_without_a_folder(tmp_path: Path) -> None:
    assert gone(tmp_path / "none", [3], self_=2) == [3]


def test_other_files_are_nobody(tmp_path: Path) -> None:
    for name in ("write", "x.lock", "1.lock.bak", "7"):
        (tmp_path / name).touch()

    assert gone(tmp_path, [], self_=2) == []


def test_a_file_that_a_process_left_half_made_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "1.lock").write_bytes(b"\x05" + bytes(15))

    presence = Presence(tmp_path, 1)

    assert begun(tmp_path, 1) == []
    presence.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_file_cut_short_tells_what_is_whole_in_it(tmp_path: Path) -> None:
    (tmp_path / "1.lock").write_bytes(b"\x05" + bytes(7) + b"\x06\x00")

    assert begun(tmp_path, 1) == [5]


def test_a_slot_is_used_again_and_running_out_of_them_is_no_error(
    tmp_path: Path,
) -> None:
    presence = Presence(tmp_path, 1)

    slots = [presence.begin(row) for row in range(1, 65_538)]
    presence.end(slots[-1])
    presence.end(slots[0])

    assert slots[-1] == -1
    assert presence.begin(99) == slots[0]
    presence.remove()


def test_without_room_for_its_file_a_process_does_not_begin(tmp_path: Path) -> None:
    # Had it begun, the first note that found the disk full would have ended it.
    files = len(os.listdir("/proc/self/fd"))

    with files_of_at_most(4096), pytest.raises(OSError) as caught:  # noqa: PT011 # errno
        Presence(tmp_path, 1)

    assert caught.value.errno in {errno.EFBIG, errno.ENOSPC}
    assert list(tmp_path.iterdir()) == []
    assert len(os.listdir("/proc/self/fd")) == files


def test_a_forked_child_does_not_keep_its_parents_locks(tmp_path: Path) -> None:
    presence, lock = Presence(tmp_path, 1), WriteLock(tmp_path)
    lock.__enter__()
    with forked():
        presence.let_go()
        lock.close()  # as a process does that is killed while it writes

        assert is_gone(tmp_path, 1)
        with closing(WriteLock(tmp_path)) as again, again:
            pass


def test_a_program_that_was_started_does_not_keep_its_parents_locks(
    tmp_path: Path,
) -> None:
    presence = Presence(tmp_path, 1)

    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False) as program:
        presence.let_go()
        is_free = is_gone(tmp_path, 1)
        program.communicate()

    assert is_free


def test_a_lock_that_cannot_be_opened_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "write").mkdir()
    files = len(os.listdir("/proc/self/fd"))

    with pytest.raises(IsADirectoryError):
        WriteLock(tmp_path)

    assert len(os.listdir("/proc/self/fd")) == files
