"""The JSON-lines sink at work on a broker."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from recado.config import Settings
from recado.testing import Harness
from recado_sinks import lines
from recado_sinks.jsonlines import JsonLines


@pytest.fixture
def harness(tmp_path: Path) -> Harness:
    settings = Settings(state=tmp_path / "state", outputs=tmp_path / "outputs")
    return Harness(JsonLines(), settings=settings)


MENU = {"ham": 1, "spam": [2], "bar": 3, "foo": 4}


@pytest.mark.parametrize(
    ("parameters", "line"),
    [
        pytest.param({"include": ["ham", "spam", "bar"], "exclude": ["bar"]},
                     {"ham": 1, "spam": [2]}, id="include, then exclude"),
        pytest.param({"include": ["ham"]}, {"ham": 1}, id="include"),
        pytest.param({"exclude": ["ham", "nope"]},
                     {"spam": [2], "bar": 3, "foo": 4}, id="exclude"),
        pytest.param({}, MENU, id="everything"),
        pytest.param({"include": ["nope"]}, {}, id="nothing left"),
    ],
)  # fmt: skip
async def test_the_chosen_keys_become_lines(
    harness: Harness, tmp_path: Path, parameters: dict[str, Any], line: object
) -> None:
    given = {"output_filename": "a/out.jsonl", **parameters}
    async with harness:
        await harness.send(MENU, parameters=given)
        await harness.send(MENU, parameters=given)
        await harness.settle()
        assert harness.dead == []

    text = (tmp_path / "outputs" / "a" / "out.jsonl").read_text()
    assert text == 2 * (json.dumps(line) + "\n")


@pytest.mark.parametrize("payload", [[1], "text", 0, None])
async def test_any_payload_is_a_line_unless_keys_are_chosen(
    harness: Harness, tmp_path: Path, payload: object
) -> None:
    async with harness:
        await harness.send(payload, parameters={"output_filename": "out"})
        chosen = {"output_filename": "out", "exclude": ["x"]}
        await harness.send(payload, parameters=chosen)
        await harness.settle()
        (dead,) = harness.dead
        assert dead.reason == "schema"
        assert "payload: must be an object to choose keys of" in dead.text

    assert (tmp_path / "outputs" / "out").read_text() == json.dumps(payload) + "\n"


async def test_each_item_of_a_list_becomes_a_line(
    harness: Harness, tmp_path: Path
) -> None:
    given = {"output_filename": "out", "each": "rows", "exclude": ["b"]}
    async with harness:
        await harness.send(
            {"rows": [{"a": 1, "b": 1}, {"a": 2}], "other": 3}, parameters=given
        )
        await harness.send({"rows": []}, parameters=given)
        await harness.settle()
        assert harness.dead == []
        assert harness.service.status()["lines"] == 2

    assert (tmp_path / "outputs" / "out").read_text() == '{"a": 1}\n{"a": 2}\n'


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ([1], "payload.rows: must be a list, to write each of its items as a line"),
        ({"row": [1]}, "payload.rows: must be a list"),
        ({"rows": "text"}, "payload.rows: must be a list"),
        ({"rows": [3]}, "payload.rows[0]: must be an object to choose keys of"),
    ],
)
async def test_without_a_list_of_fit_items_nothing_is_written(
    harness: Harness, tmp_path: Path, payload: object, problem: str
) -> None:
    given = {"output_filename": "out", "each": "rows", "exclude": ["b"]}
    async with harness:
        await harness.send(payload, parameters=given)
        await harness.settle()
        (dead,) = harness.dead

    assert dead.reason == "schema"
    assert problem in dead.text
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("../out", "is not inside the folder", id="up"),
        pytest.param("/etc/recado", "is not inside the folder", id="absolute"),
        pytest.param("link/out", "is not inside the folder", id="link"),
        pytest.param(".", "is not inside the folder", id="the folder itself"),
        pytest.param("a\0b", "null", id="null"),
        pytest.param("sub", "is a directory", id="folder"),
        pytest.param(".recado-lines", "journal", id="journal"),
        pytest.param("x" * 300, "name too long", id="long"),
    ],
)
async def test_a_name_that_cannot_be_is_a_dead_letter_at_once(
    harness: Harness, tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / "outputs" / "sub").mkdir(parents=True)
    (tmp_path / "outputs" / "link").symlink_to(tmp_path)
    async with harness:
        await harness.send({}, parameters={"output_filename": name})
        await harness.settle()
        (dead,) = harness.dead
        assert dead.reason == "rejected"
        assert text in dead.text.lower()


@pytest.mark.parametrize(
    "parameters", [{}, {"output_filename": ""}, {"output_filename": 1}]
)
async def test_a_step_without_a_file_is_a_dead_letter_at_once(
    harness: Harness, parameters: dict[str, Any]
) -> None:
    async with harness:
        await harness.send({}, parameters=parameters)
        await harness.settle()
        assert [each.reason for each in harness.dead] == ["schema"]
        assert "parameters.output_filename" in harness.dead[0].text


async def test_an_absolute_name_inside_the_folder_is_taken(
    harness: Harness, tmp_path: Path
) -> None:
    path = tmp_path / "outputs" / "here"
    async with harness:
        await harness.send(1, parameters={"output_filename": str(path)})
        await harness.settle()
    assert path.read_text() == "1\n"


async def test_a_full_disk_is_waited_for(
    harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with harness:
        with monkeypatch.context() as patch:
            patch.setattr(lines, "write_all", full)
            await harness.send(1, parameters={"output_filename": "out"})
            await harness.settle()
            await harness.advance(100)
            assert harness.dead == []
        await harness.advance(200)
    assert (tmp_path / "outputs" / "out").read_text() == "1\n"
