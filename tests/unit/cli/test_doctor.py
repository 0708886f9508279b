"""What the doctor looks at, and where settings come from."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from recado_cli import checks
from tests.unit.cli.conftest import Command


def test_a_sound_installation_is_fine(command: Command) -> None:
    result = command("doctor")

    assert result.code == 0
    assert "wrong" not in result.out
    assert "broker: " in result.out


def test_each_setting_says_where_it_comes_from(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "recado.toml").write_text(
        "[default]\ngrace_s = 3\ntopology = 'off'\n[environment.lab]\ntopology = 'verify'\n"
    )
    (folder / "level").write_text("debug")
    monkeypatch.setenv("RECADO_STATE", "here")
    monkeypatch.setenv("RECADO_LOG_LEVEL_FILE", "level")

    said = json.loads(
        command("doctor", "--env", "lab", "--recipes", "recipes", "--json").out
    )

    sources = {each["setting"]: each["from"] for each in said["settings"]}
    assert sources["state"] == "RECADO_STATE"
    assert sources["log_level"] == "RECADO_LOG_LEVEL_FILE"
    assert sources["recipes"] == "--recipes"
    assert sources["topology"] == "recado.toml: environment.lab.topology (line 5)"
    assert sources["grace_s"] == "recado.toml: default.grace_s (line 2)"
    assert sources["plugins"] == "default"


def test_a_password_is_not_shown(command: Command) -> None:
    result = command("doctor", "--broker", "amqp://me:secret@127.0.0.1:1/")

    assert "secret" not in result.out + result.err


def test_a_bad_recipe_is_wrong_and_says_what_to_do(
    command: Command, folder: Path
) -> None:
    (folder / "recipes" / "bad.json").write_text("{")

    result = command("doctor")

    assert result.code == 1
    assert "'recado recipe check bad' tells all" in result.out
    assert result.err == "recado: 1 thing to put right\n"


def test_old_pythons_and_sqlites_are_wrong() -> None:
    assert checks.python_version((3, 10, 4)).verdict == "wrong"
    assert checks.sqlite_version((3, 31, 0)).verdict == "wrong"


def nobody_may(path: object, mode: int) -> bool:
    return False


def test_a_state_folder_that_cannot_be_used_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    at_file = checks.folder(tmp_path / "file" / "state")
    # Root may write everywhere, so the answer of the system is given here.
    monkeypatch.setattr(os, "access", nobody_may)
    closed = checks.folder(tmp_path / "state")

    assert (at_file.verdict, closed.verdict) == ("wrong", "wrong")


@pytest.mark.parametrize("url", ["sqlite:///x.db?lease=never", "foo://x"])
def test_a_broker_that_cannot_be_used_is_wrong(url: str) -> None:
    assert [each.verdict for each in checks.broker(url)] == ["wrong"]


def test_a_broker_that_is_no_database_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("no database at all, but long enough to be read")

    found = list(checks.broker(f"sqlite:///{tmp_path}/x.db"))

    assert [each.verdict for each in found] == ["wrong"]


def test_a_clock_that_was_never_set_or_went_back_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "events.db").write_text("")
    written = (tmp_path / "events.db").stat().st_mtime

    assert checks.clock(1000.0, tmp_path).verdict == "wrong"
    assert checks.clock(written - 60, tmp_path).verdict == "wrong"
    assert checks.clock(written + 60, tmp_path).verdict == "fine"


def test_a_broken_plug_in_is_named_with_its_reason() -> None:
    def broken(plugins: object) -> dict[str, str]:
        return {"hello": "service 'hello' (x:Y): ImportError: no x"}

    found = list(checks.services(["hello"], broken=broken))

    assert [each.verdict for each in found] == ["wrong"]
    assert "no x" in found[0].text


def test_no_services_at_all_are_wrong() -> None:
    assert [each.verdict for each in checks.services([])] == ["wrong"]


def test_a_missing_recipe_folder_is_a_warning(tmp_path: Path) -> None:
    assert [each.verdict for each in checks.recipes(tmp_path / "x")] == ["warning"]


def test_a_broker_that_is_of_no_use_is_told_once(command: Command) -> None:
    result = command("doctor", "--broker", "sqlite:///x.db?lease=never")

    assert result.code == 1
    assert result.out.count("lease=never") == 2, "in the settings, and in the finding"
    assert "name another with --broker" in result.out
