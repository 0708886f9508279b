"""Sessions from the command line: what is refused, and what JSON says."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from recado_cli.main import main
from tests.system.cli_process import Up, up, variables
from tests.unit.cli.conftest import Command, Result

STUDY = """
[configuration]
order = ["near", "far"]
[[blocks]]
name = "near"
config = { trials = 12 }
[[blocks]]
name = "far"
config = { trials = 24 }
"""


@dataclass(frozen=True, slots=True)
class Lab:
    """A suite with a recipe folder."""

    folder: Path
    suite: Up


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Generator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "recipes").mkdir()
    (folder / "recipes" / "study.toml").write_text(STUDY)
    services = "expander,eventstore"
    with up(folder, "--only", services, "--recipes", "recipes") as suite:
        yield Lab(folder, suite)


@pytest.fixture
def experiment(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    structlog.reset_defaults()  # tests before may have left it printing to standard out
    monkeypatch.chdir(lab.folder)
    for name, value in variables(lab.folder).items():
        monkeypatch.setenv(name, value)

    def run(*args: str) -> Result:
        code = main(["experiment", *args])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


def test_a_session_is_opened_once(experiment: Command) -> None:
    first = experiment("open", "once", "study.toml", "--json")
    again = experiment("open", "once", "study.toml", "--json")
    otherwise = experiment("open", "once", "study.toml", "--default", "2")

    assert (first.json["is_new"], again.json["is_new"]) == (True, False)
    assert again.err == "recado: once was open already, in the same way\n"
    assert (first.code, again.code, otherwise.code) == (0, 0, 1)
    assert "is open already, with default participant 1" in otherwise.err


def test_what_a_session_lists_is_json(experiment: Command) -> None:
    experiment("open", "listed", "study.toml", "--default", "3")
    experiment("next", "listed")

    assert "listed" in [each["experiment"] for each in experiment("ls", "--json").json]
    shown = experiment("show", "listed", "--json").json
    assert (shown["default_participant"], shown["count"], shown["next"]) == (3, 1, None)
    assert shown["participants"] == [
        {
            "participant": 3,
            "position": 0,
            "length": 2,
            "name": "near",
            "is_active": True,
            "is_abandoned": False,
        }
    ]
    assert experiment("config", "listed").json["trials"] == 12
    every = experiment("config", "listed", "--all").json
    assert [each["trials"] for each in every] == [12, 24]


def test_whatever_cannot_be_done_is_one_line_and_exit_code_1(
    experiment: Command,
) -> None:
    experiment("open", "strict", "study.toml")

    refused = {
        "no experiment 'stric'": experiment("show", "stric"),
        "no study 'stdy.toml'": experiment("open", "new", "stdy.toml"),
        "no participant 7": experiment("next", "strict", "-p", "7"),
        "no block 2: participant 1 has blocks 0 to 1": experiment(
            "move", "strict", "2"
        ),
        "participant 1 is in strict already": experiment("add", "strict", "1"),
    }
    not_begun = experiment("config", "strict")

    for text, result in refused.items():
        assert (result.code, result.out) == (1, "")
        assert text in result.err
        assert len(result.err.splitlines()) == 1
    assert (not_begun.code, not_begun.out) == (1, "")


def test_a_study_may_be_sent_as_it_is(experiment: Command, lab: Lab) -> None:
    (lab.folder / "own.toml").write_text(STUDY.replace("12", "13"))
    (lab.folder / "bad.toml").write_text(STUDY.replace('["near"', '["neer"'))
    experiment("open", "sent", "-f", "own.toml")

    bad = experiment("configure", "sent", "-f", "bad.toml")
    good = experiment("configure", "sent", "study.toml", "--json")
    same = experiment("configure", "sent", "study.toml")

    assert bad.code == 1
    assert "no block 'neer'; did you mean 'near'?" in bad.err
    assert (good.code, good.json["study"]) == (0, "study.toml")
    assert same.err == "recado: sent went by that study already\n"


def test_a_block_of_any_name_is_one_line(experiment: Command, lab: Lab) -> None:
    name = "red\\u001b[31m\\nb"
    (lab.folder / "own.toml").write_text(STUDY.replace('"near"', f'"{name}"'))
    experiment("open", "lines", "-f", "own.toml")

    assert experiment("next", "lines").out == "red\\x1b[31m b\n"


def test_who_is_abandoned_counts_again_once_moved(experiment: Command) -> None:
    experiment("open", "rows", "study.toml", "--assignment", "completion")

    experiment("abandon", "rows", "1")
    again = experiment("abandon", "rows", "1")
    table = experiment("show", "rows").out
    experiment("next", "rows")

    assert (again.code, again.err) == (
        0,
        "recado: participant 1 did not count any more\n",
    )
    assert table.splitlines()[-1].split() == ["1", "-1", "2", "START", "abandoned"]
    assert experiment("show", "rows").out.splitlines()[-1].endswith("active")


def test_an_event_store_that_is_silent_is_waited_for(
    experiment: Command, lab: Lab
) -> None:
    """Killed, it is started again by the suite; what is asked meanwhile is done once."""
    experiment("open", "patient", "study.toml")
    (store,) = (
        int(str(line["instance"]).rpartition(".")[2])
        for line in lab.suite.log
        if line["event"] == "service.ready" and line["service"] == "eventstore"
    )

    os.kill(store, signal.SIGKILL)
    moved = experiment("next", "patient")

    assert (moved.code, moved.out) == (0, "near\n")
    assert experiment("show", "patient").out.splitlines()[-1].split()[1] == "0"
