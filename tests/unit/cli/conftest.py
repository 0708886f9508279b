"""The command in this process, in a folder of its own, without the developer's variables."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from recado.schemas.dispatch import DISPATCHER_QUEUE
from recado_cli.main import main
from tests.unit.cli.embedded import Embedded

AWAY = "amqp://guest:secret@127.0.0.1:1/"
"""Where no broker is."""
RECIPE = '{"1": {"queue": "hello"}, "start": [[1, {"name": "world"}]]}'


@dataclass(frozen=True, slots=True)
class Result:
    """What a run of the command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What was printed, read as JSON."""
        return json.loads(self.out)


Command = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a recipe folder in it."""
    for name in [it for it in os.environ if it.startswith(("RECADO_", "ZOCALO_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "hello.json").write_text(RECIPE)
    return tmp_path


@pytest.fixture
def command(folder: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command, and returns its exit code and what it wrote."""

    def run(*args: str) -> Result:
        code = main(args)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture
def broker(folder: Path) -> Embedded:
    """The embedded broker that the command uses in the working folder."""
    return Embedded(folder)


@pytest.fixture
def site(broker: Embedded) -> Embedded:
    """A broker on which a dispatcher and the service hello have been."""
    broker.declare(DISPATCHER_QUEUE, "hello")
    return broker
