"""``recado wrap``: what cannot be run is told before anything is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Command


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "recado: what is to be run? give --wrap NAME or a command"),
        (["--wrap", "dummy", "true"], "recado: what is to be run?"),
        (["--resend", "true"], "recado: what is to be run?"),
        (["--wrap", "dumy"], "recado: no wrapper named 'dumy'"),
        (["--recipewrapper", "none", "true"], "recado: --recipewrapper none: No such"),
        (["--recipewrapper", "broken", "true"], "recado: --recipewrapper broken: rec"),
        (["--time-limit", "0", "true"], "recado: invalid value for '--time-limit'"),
        (["--time-limit", "nan", "true"], "recado: invalid value for '--time-limit'"),
        (["--tail", "257", "true"], "recado: invalid value for '--tail'"),
        (["--wrap", "dummy", "--result-file", "x"], "recado: --result-file is for com"),
        (["touch", "ran"], "recado: there is no broker at "),
    ],
)
def test_what_cannot_be_run_is_misuse(
    command: Command, folder: Path, args: list[str], said: str
) -> None:
    (folder / "broken").write_text("{}")

    result = command("wrap", *args)

    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(said)
    assert not (folder / "ran").exists()


def test_every_problem_of_an_envelope_is_told(command: Command, folder: Path) -> None:
    (folder / "broken").write_text('{"recipe": [], "recipe-pointer": true}')

    result = command("wrap", "--recipewrapper", "broken", "true")

    assert result.err.splitlines()[1:] == [
        "  recipe: must be an object",
        "  recipe-pointer: must be a step's id, not True",
    ]


def test_wrappers_obey_the_list_of_plugins(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("zocalo")
    monkeypatch.setenv("RECADO_PLUGINS", "other")

    result = command("wrap", "--wrap", "dummy")

    assert result.code == 2
    assert "'dummy'; the setting 'plugins' does not allow it" in result.err
