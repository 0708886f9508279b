"""Lines appended to files: each once, whatever happens in between."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import Popen

import pytest

from recado_sinks import journal, lines, opening
from recado_sinks.journal import NAME
from recado_sinks.lines import Folders, Lines, UnfitFileError


def some(first: int, last: int) -> list[Lines]:
    return [Lines(f"id-{n}", (encoded(n),)) for n in range(first, last + 1)]


def together(id_: str, first: int, last: int) -> Lines:
    return Lines(id_, tuple(encoded(n) for n in range(first, last + 1)))


def encoded(number: int) -> bytes:
    return f"line {number}\n".encode()


def text(first: int, last: int) -> str:
    return "".join(f"line {n}\n" for n in range(first, last + 1))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "out.jsonl"


def write(file: Path, wanted: Sequence[Lines]) -> dict[str, Exception]:
    return Folders().append(file.parent, {file.name: wanted})


def test_lines_are_appended_and_folders_made(file: Path) -> None:
    assert write(file, some(1, 2)) == {}
    assert write(file, some(3, 3)) == {}
    assert file.read_text() == text(1, 3)


@pytest.mark.parametrize("is_same_process", [True, False])
def test_a_message_that_comes_again_makes_no_second_line(
    file: Path, is_same_process: bool
) -> None:
    first = Folders()
    second = first if is_same_process else Folders()
    first.append(file.parent, {file.name: some(1, 3)})
    assert second.append(file.parent, {file.name: [*some(2, 4), *some(4, 4)]}) == {}
    assert file.read_text() == text(1, 4)


def test_a_message_is_known_when_its_file_was_renamed(file: Path) -> None:
    write(file, some(1, 2))
    file.rename(file.with_name("out.1"))
    write(file, some(1, 3))
    assert file.read_text() == text(3, 3)
    assert file.with_name("out.1").read_text() == text(1, 2)


def test_somebodys_open_line_is_not_gone_on_with(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("theirs")
    write(file, some(1, 1))
    write(file, some(2, 2))
    assert file.read_text() == "theirs\n" + text(1, 2)


class Died(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("written", [0, 3, 7, 10, 14])
@pytest.mark.parametrize("is_renamed", [False, True])
def test_a_crash_within_a_write_loses_and_doubles_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch, written: int, is_renamed: bool
) -> None:
    write(file, some(1, 2))

    def die(fd: int, content: bytes) -> None:
        os.write(fd, content[:written])
        raise Died

    monkeypatch.setattr(lines, "write_all", die)
    with pytest.raises(Died):
        write(file, some(3, 4))
    monkeypatch.undo()
    if is_renamed:
        file.rename(file.with_name("out.1"))

    write(file, some(3, 5))

    old = file.with_name("out.1").read_text() if is_renamed else ""
    assert old + file.read_text() == text(1, 5)


@pytest.mark.parametrize("written", range(0, 36, 3))
def test_of_lines_that_belong_together_those_that_are_missing_are_written_later(
    file: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    write(file, some(1, 1))

    def die(fd: int, content: bytes) -> None:
        os.write(fd, content[:written])
        raise Died

    monkeypatch.setattr(lines, "write_all", die)
    with pytest.raises(Died):
        write(file, [together("a", 2, 4), together("b", 5, 6)])
    monkeypatch.undo()

    write(file, some(9, 9))
    write(file, [together("b", 5, 6)])
    write(file, [together("a", 2, 4)])
    write(file, [together("a", 2, 4), together("b", 5, 6)])

    assert sorted(file.read_text().splitlines()) == [
        f"line {number}" for number in (1, 2, 3, 4, 5, 6, 9)
    ]


def test_a_rest_that_breaks_off_again_is_completed(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for written in (10, 20, 14):

        def die(fd: int, content: bytes, room: int = written) -> None:
            os.write(fd, content[:room])
            raise Died

        monkeypatch.setattr(lines, "write_all", die)
        with pytest.raises(Died):
            write(file, [together("a", 1, 9)])
        monkeypatch.undo()

    write(file, [together("a", 1, 9)])

    assert file.read_text() == text(1, 9)


def test_a_crash_while_the_journal_is_written_leaves_it_sound(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(file, some(1, 1))

    def die(fd: int, content: bytes) -> None:
        os.write(fd, content[:20])
        raise Died

    monkeypatch.setattr(journal, "write_all", die)
    with pytest.raises(Died):
        write(file, some(2, 2))
    monkeypatch.undo()

    write(file, some(1, 2))
    write(file, some(2, 3))
    assert file.read_text() == text(1, 3)


@pytest.mark.parametrize("room", [0, 3, 7, 10])
def test_a_full_disk_fails_what_had_no_room_and_nothing_else(
    file: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    folders = Folders()

    def fill(fd: int, content: bytes) -> None:
        if content.startswith(b"line 1"):
            os.write(fd, content[:room])
            raise OSError(errno.ENOSPC, "no space left")
        opening.write_all(fd, content)

    monkeypatch.setattr(lines, "write_all", fill)
    wanted = {file.name: some(1, 2), "other": some(9, 9)}
    failed = folders.append(file.parent, wanted)
    assert [(name, str(error)) for name, error in failed.items()] == [
        (file.name, "[Errno 28] no space left")
    ]
    assert file.read_text() in {"", text(1, 1)}, "half a line is cut off"
    assert (file.parent / "other").read_text() == text(9, 9)

    monkeypatch.undo()
    assert folders.append(file.parent, wanted) == {}
    assert file.read_text() == text(1, 2)
    assert (file.parent / "other").read_text() == text(9, 9)


def test_a_full_disk_at_the_journal_fails_all_and_leaves_no_trace(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(file, some(1, 1))

    def fill(fd: int, content: bytes) -> None:
        os.write(fd, content[:10])
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(journal, "write_all", fill)
    with pytest.raises(OSError, match="no space"):
        write(file, some(2, 2))
    monkeypatch.undo()
    assert file.read_text() == text(1, 1)
    write(file, some(1, 2))
    assert file.read_text() == text(1, 2)


def a_folder(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make", [a_folder, a_pipe])
def test_what_is_no_file_fails_its_own_lines_only(
    file: Path, make: Callable[[Path], None]
) -> None:
    file.parent.mkdir()
    make(file)
    wanted = {file.name: some(1, 1), "other": some(2, 2)}
    failed = Folders().append(file.parent, wanted)
    assert list(map(type, failed.values())) == [UnfitFileError]
    assert (file.parent / "other").read_text() == text(2, 2)


def test_the_journal_is_nobodys_output(file: Path) -> None:
    failed = write(file.with_name(NAME), some(1, 1))
    assert "journal" in str(failed[NAME])


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnfitFileError, match=r"cannot be written"):
        write(tmp_path / "file" / "out", some(1, 1))


def test_the_journal_stays_small_and_keeps_the_newest(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "LIMIT", 2_000)
    for n in range(1, 101):
        write(file, some(n, n))
    assert (file.parent / NAME).stat().st_size < 2_500
    write(file, some(99, 101))
    assert file.read_text() == text(1, 101)


def test_a_small_journal_knows_messages_of_many_lines(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "LIMIT", 20_000)
    for n in range(100):
        write(file, [together(f"id-{n}", n * 500, n * 500 + 499)])

    assert (file.parent / NAME).stat().st_size < 25_000
    write(file, [together(f"id-{n}", n * 500, n * 500 + 499) for n in range(50, 100)])
    assert file.read_text() == text(0, 49_999)


APPENDING = """
import sys
from pathlib import Path
from recado_sinks.lines import Folders, Lines
folder, first, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
folders = Folders()
for n in range(first, last):
    line = f"line {n} {'x' * 3000}\\n".encode()
    folders.append(folder, {"out": [Lines(f"id-{n}", (line,))]})
    print(n, flush=True)
"""


def appending(folder: Path, first: int, last: int) -> Popen[str]:
    command = [sys.executable, "-c", APPENDING, str(folder), str(first), str(last)]
    return Popen(command, stdout=-1, text=True)


def test_several_processes_and_a_kill_leave_every_line_once(tmp_path: Path) -> None:
    told: set[str] = set()
    with (
        appending(tmp_path, 0, 10_000) as doomed,
        appending(tmp_path, 20_000, 20_100) as second,
        appending(tmp_path, 30_000, 30_100) as third,
    ):
        assert doomed.stdout
        for line in doomed.stdout:
            told.add(line.strip())
            if len(told) == 50:
                doomed.send_signal(signal.SIGKILL)
        told.update(second.communicate()[0].split(), third.communicate()[0].split())
    with appending(tmp_path, 0, 120) as again:
        told.update(again.communicate()[0].split())

    numbers = [line.split()[1] for line in (tmp_path / "out").read_text().splitlines()]
    assert len(numbers) == len(set(numbers)), "no line is there twice"
    assert told <= set(numbers)
    assert {str(n) for n in range(120)} <= told
