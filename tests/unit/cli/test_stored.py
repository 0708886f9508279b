"""Stored requests: whole or not there, claimed by one, read whoever wrote them."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest

from recado.errors import SchemaError
from recado.ids import as_id
from recado.message import ID, Message
from recado_cli.stored import claim, read_stored, store, waiting

REQUEST = Message(
    b'{"recipes":["hello"],"parameters":{"x":"\\u00e9"}}',
    {ID: "9b2e9a3e-3f0c-4b3c-8a53-7a0d3a0d1111", "zocalo.go.user": "ada"},
)
ZOCALOS = """{
  "headers": {
    "zocalo.go.user": "ada",
    "zocalo.go.host": "ws9"
  },
  "message": {
    "recipes": [
      "hello"
    ],
    "parameters": {
      "ispyb_dcid": 42
    }
  }
}
"""


def test_what_is_stored_is_read_again(tmp_path: Path) -> None:
    path = store(tmp_path / "not" / "yet", REQUEST)

    found = read_stored(path.read_bytes(), path.name)

    assert (found.body.decode(), found.headers) == (
        '{"recipes":["hello"],"parameters":{"x":"é"}}',
        REQUEST.headers,
    )


def test_a_file_has_zocalos_form_and_the_umasks_mode(tmp_path: Path) -> None:
    former = os.umask(0o027)
    try:
        path = store(tmp_path, REQUEST)
    finally:
        os.umask(former)

    content = json.loads(path.read_text())
    assert content["headers"]["zocalo.go.user"] == "ada"
    assert content["message"]["recipes"] == ["hello"]
    assert path.suffix == ""
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == [path.name]


def test_a_file_that_cannot_be_written_whole_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match="No space left"):
        store(tmp_path, REQUEST)
    assert os.listdir(tmp_path) == []


def test_zocalos_files_are_read_and_have_the_same_id_each_time() -> None:
    found = read_stored(ZOCALOS.encode(), "0aeb4e3c-5f5d-4c3b-9c86-d6a7a1c0e000")

    assert found.id == "0aeb4e3c-5f5d-4c3b-9c86-d6a7a1c0e000"
    assert found.headers["zocalo.go.host"] == "ws9"
    assert read_stored(ZOCALOS.encode(), "monday").id == as_id("monday")


def test_headers_that_are_no_text_become_text() -> None:
    content = b'{"headers": {"a": 1, "b": true, "c": 1.5}, "message": {}}'

    headers = read_stored(content, "x").headers

    assert {key: headers[key] for key in "abc"} == {"a": "1", "b": "true", "c": "1.5"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"headers": {}, "mess',
        b"[]",
        b'{"headers": {}}',
        b'{"headers": [], "message": {}}',
        b'{"headers": {"a": {}}, "message": {}}',
        b'{"headers": {}, "message": "x"}',
    ],
)
def test_what_is_no_stored_request_is_told(content: bytes) -> None:
    with pytest.raises(SchemaError):
        read_stored(content, "x")


def test_files_are_found_the_oldest_first_without_those_being_written(
    tmp_path: Path,
) -> None:
    for name, at in (("b", 1), ("a", 2), (".c", 0), ("d", 2)):
        (tmp_path / name).write_text("{}")
        os.utime(tmp_path / name, (at, at))
    (tmp_path / "folder").mkdir()

    assert [path.name for path in waiting(tmp_path)] == ["b", "a", "d"]


def test_only_one_has_a_claim_at_a_time(tmp_path: Path) -> None:
    path = store(tmp_path, REQUEST)

    first = claim(path)
    second = claim(path)

    assert first is not None
    assert second is None
    first.file.close()
    third = claim(path)
    assert third is not None
    third.file.close()
    path.unlink()
    assert claim(path) is None


def test_a_file_that_could_not_be_deleted_is_not_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = store(tmp_path, REQUEST)

    def may_only_read(_: object, mode: int) -> bool:
        return mode == os.R_OK

    with monkeypatch.context() as patched:
        patched.setattr(os, "access", may_only_read)
        with pytest.raises(PermissionError, match="cannot be deleted"):
            claim(path)
    tmp_path.chmod(0o1777)
    with monkeypatch.context() as patched:
        patched.setattr(os, "geteuid", lambda: os.getuid() + 1)
        with pytest.raises(PermissionError, match="cannot be deleted"):
            claim(path)
    mine = claim(path)
    assert mine is not None
    mine.file.close()


def test_a_file_that_was_sent_while_it_was_being_claimed_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = store(tmp_path, REQUEST)

    def send_it_first(*_: object) -> None:
        path.unlink()

    monkeypatch.setattr(fcntl, "flock", send_it_first)

    assert claim(path) is None
