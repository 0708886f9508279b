"""The journal: what is written is there after any end, in order, and used by one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from recado.errors import ConfigError, SchemaError
from recado.message import ID, Message, Outgoing
from recado.wrapping.journal import FOLDER, Journal

JOB = "d7c1c8f0-56fd-4c55-9d1e-1a2b3c4d5e6f"


def message(number: int) -> Outgoing:
    """Return a message that is like no other, and has bytes that are no text."""
    headers = {ID: str(number), "mine": "ä"}
    body = Message(b"\x00\xff" + str(number).encode(), headers)
    return Outgoing(f"queue-{number}", body, 1.5, 7, is_topic=number % 2 == 1)


def test_what_is_written_is_read_again_as_it_was(tmp_path: Path) -> None:
    with closing(Journal.open(tmp_path, JOB)) as journal:
        path = journal.write([message(1), message(2)])

        assert journal.read(path) == [message(1), message(2)]


def test_what_was_left_comes_before_what_is_written_then(tmp_path: Path) -> None:
    with closing(Journal.open(tmp_path, JOB)) as journal:
        for number in range(3):
            journal.write([message(number)])

    with closing(Journal.open(tmp_path, JOB)) as journal:
        journal.write([message(3)])

        read = [journal.read(path)[0].queue for path in journal.left()]
    assert read == [f"queue-{number}" for number in range(4)]


def test_a_posting_that_was_not_written_to_its_end_is_none(tmp_path: Path) -> None:
    with closing(Journal.open(tmp_path, JOB)) as journal:
        path = journal.write([message(1)])
        path.rename(path.with_suffix(".new"))

        assert journal.left() == []


def test_a_journal_with_nothing_in_it_goes(tmp_path: Path) -> None:
    with closing(Journal.open(tmp_path, JOB)) as journal:
        journal.write([message(1)]).unlink()

    assert list((tmp_path / FOLDER).iterdir()) == []


def test_a_job_that_is_run_twice_at_once_has_two_journals(tmp_path: Path) -> None:
    with (
        closing(Journal.open(tmp_path, JOB)) as one,
        closing(Journal.open(tmp_path, JOB)) as other,
    ):
        assert one.folder != other.folder


def test_what_jobs_left_is_given_but_not_what_is_in_use(tmp_path: Path) -> None:
    with closing(Journal.open(tmp_path, JOB)) as ended:
        ended.write([message(1)])

    with closing(Journal.open(tmp_path, JOB[:-1] + "0")) as running:
        running.write([message(2)])
        left = list(Journal.left_in(tmp_path))
        for each in left:
            each.close()

    assert [each.folder.name for each in left] == [JOB]


def test_nothing_is_left_where_no_job_ever_ran(tmp_path: Path) -> None:
    assert list(Journal.left_in(tmp_path / "none")) == []


def test_a_file_that_cannot_be_read_is_set_aside(tmp_path: Path) -> None:
    with closing(Journal.open(tmp_path, JOB)) as journal:
        path = journal.write([message(1)])
        path.write_bytes(b"[{}]")

        with pytest.raises(SchemaError, match="cannot be read"):
            journal.read(path)

        assert journal.left() == []
        assert path.with_suffix(".unreadable").read_bytes() == b"[{}]"


def test_a_state_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("in the way")

    with pytest.raises(ConfigError, match=f"state {tmp_path}: cannot keep there"):
        Journal.open(tmp_path, JOB)
