"""The group's commands under experiment-server's names."""

from __future__ import annotations

from pathlib import Path

import pytest

from recado_cli.expand.command import THEIRS, expand
from tests.unit.cli.conftest import Command
from tests.unit.cli.expand.samples import LATIN


@pytest.mark.parametrize("name", THEIRS)
def test_what_experiment_server_calls_a_command_is_understood(
    command: Command, folder: Path, name: str
) -> None:
    (folder / "study.toml").write_text(LATIN)
    given = {
        "new": ["begun.toml"],
        "verify": ["study.toml"],
        "generate": ["study.toml", "-i", "1"],
    }
    ours = THEIRS[name]

    theirs = command("expand", name, *given[ours])
    (folder / "begun.toml").unlink(missing_ok=True)

    assert theirs.code == 0
    assert theirs == command("expand", ours, *given[ours])


def test_their_names_are_not_listed(command: Command) -> None:
    assert set(expand.commands).isdisjoint(THEIRS)
    assert "verify-config-file" not in command("expand", "--help").out


def test_the_long_options_of_experiment_server_are_understood(
    command: Command, folder: Path
) -> None:
    (folder / "study.toml").write_text(LATIN)

    one = command("expand", "generate", "study.toml", "--participant-index", "2")
    both = command("expand", "g", "study.toml", "--participant-range", "2")
    written = command("expand", "g", "study.toml", "-r", "2", "--out-dir", "made")

    assert one.out == both.out.splitlines(keepends=True)[1]
    assert len(list((folder / "made").iterdir())) == 2
    assert (one.code, both.code, written.code) == (0, 0, 0)


def test_a_name_that_nobody_has_is_refused_with_the_nearest(command: Command) -> None:
    result = command("expand", "generat")

    assert result.code == 2
    assert "no command 'generat'; did you mean 'generate'?" in result.err
