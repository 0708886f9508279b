"""Each way of calling ``zocalo.go``, and what comes of it when ``recado go`` is called so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recado.message import decode
from recado.schemas.dispatch import DISPATCHER_QUEUE
from tests.unit.cli.conftest import AWAY, Command
from tests.unit.cli.embedded import Embedded


@pytest.fixture
def request_of(command: Command, site: Embedded) -> Callable[..., dict[str, Any]]:
    """Calls it, and returns the one request that has arrived."""

    def call(*args: str) -> dict[str, Any]:
        result = command("go", *args)
        assert result.code == 0, result.err
        (held,) = site.holds(DISPATCHER_QUEUE)
        body: dict[str, Any] = decode(held.message.body)
        assert result.out.strip() == body["parameters"].pop("guid")
        return body

    return call


def test_n_and_a_recipe_is_submitted(request_of: Callable[..., dict[str, Any]]) -> None:
    assert request_of("-n", "-r", "hello") == {"recipes": ["hello"], "parameters": {}}


def test_a_recipe_alone_is_submitted(request_of: Callable[..., dict[str, Any]]) -> None:
    assert request_of("-r", "hello") == {"recipes": ["hello"], "parameters": {}}


def test_a_recipe_for_a_data_collection_is_submitted(
    request_of: Callable[..., dict[str, Any]],
) -> None:
    assert request_of("-r", "hello", "527189", "-a", "3", "-s", "x=1") == {
        "recipes": ["hello"],
        "parameters": {"ispyb_dcid": 527189, "ispyb_autoprocscalingid": 3, "x": "1"},
    }


def test_p_7_is_submitted(request_of: Callable[..., dict[str, Any]]) -> None:
    assert request_of("-p", "7") == {"recipes": [], "parameters": {"ispyb_process": 7}}


def test_a_recipe_in_a_file_is_submitted(
    request_of: Callable[..., dict[str, Any]],
) -> None:
    body = request_of("-n", "-f", "recipes/hello.json")

    assert body["custom_recipe"]["1"] == {"queue": "hello"}


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("-n",), 2),
        (("-n", "-r", "hello", "-s", "bad"), 2),
        ((), 2),
        (("-r", "hello", "1", "2"), 2),
        (("-r", "hello", "0"), 2),
        (("-r", "hello", "abc"), 2),
        (("-n", "-f", "cyclic.json"), 1),
        (("-n", "-r", "nobody"), 1),
        (("-n", "-f", "lost.json"), 1),
    ],
    ids=[
        "-n alone",
        "-s bad",
        "no arguments",
        "two IDs",
        "ID 0",
        "ID abc",
        "-f cyclic.json",
        "unknown recipe name",
        "queue not declared",
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_sent(
    command: Command, folder: Path, site: Embedded, args: tuple[str, ...], code: int
) -> None:
    cyclic = '{"1": {"queue": "hello", "output": 1}, "start": [[1, {}]]}'
    (folder / "cyclic.json").write_text(cyclic)
    (folder / "lost.json").write_text('{"1": {"queue": "x"}, "start": [[1, {}]]}')

    result = command("go", *args)

    assert (result.code, result.out) == (code, "")
    assert "Traceback" not in result.err
    assert result.err.startswith("recado: ")
    assert site.holds(DISPATCHER_QUEUE) == []


def test_a_broker_on_which_no_dispatcher_has_been_is_told(
    command: Command, broker: Embedded
) -> None:
    broker.declare("hello")

    result = command("go", "-n", "-r", "hello")

    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("recado: the dispatcher service never ran on")


@pytest.mark.parametrize(
    ("option", "code", "files"),
    [((), 0, 1), (("--no-drop",), 1, 0)],
    ids=["broker down, fallback set", "broker down, no fallback"],
)
def test_a_broker_that_is_down_costs_nothing(
    command: Command, folder: Path, option: tuple[str, ...], code: int, files: int
) -> None:
    result = command("go", "-n", "-r", "hello", "--broker", AWAY, *option)

    assert result.code == code
    assert len(list((folder / ".recado").glob("drop/*"))) == files


def test_a_dry_run_sends_nothing(command: Command, site: Embedded) -> None:
    assert command("go", "-n", "-r", "hello", "--dry-run").code == 0
    assert site.holds(DISPATCHER_QUEUE) == []


def test_v_shows_the_request_first(command: Command, site: Embedded) -> None:
    result = command("go", "-n", "-r", "hello", "-v")

    assert json.loads(result.err)["recipes"] == ["hello"]
