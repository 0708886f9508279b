"""The script that makes passwords."""

from __future__ import annotations

import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "deploy" / "make-secrets"


def made(folder: Path) -> tuple[str, str]:
    """Run the script, and return the broker's password and ActiveMQ's options."""
    subprocess.run(["sh", SCRIPT, folder], check=True, capture_output=True)
    password, options = folder / "broker_password", folder / "activemq.options"
    database = folder / "database_password"
    assert set(folder.iterdir()) == {password, database, options}
    assert database.read_text() != password.read_text()
    return password.read_text(), options.read_text()


def test_each_installation_has_a_password_of_its_own(tmp_path: Path) -> None:
    passwords: set[str] = set()
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        password, options = made(folder)
        passwords.add(password)
        assert options == f'"-Drecado.password={password}"\n'

        modes = {each.stat().st_mode & 0o777 for each in folder.iterdir()}
        assert modes == {0o444}

    assert len(passwords) == 2
    assert min(map(len, passwords)) >= 40


def test_a_password_stays_however_often_the_script_runs(tmp_path: Path) -> None:
    first = made(tmp_path)

    assert made(tmp_path) == first


def test_a_password_of_ones_own_is_kept_and_told_to_activemq(tmp_path: Path) -> None:
    (tmp_path / "broker_password").write_text("our-own\n")

    assert made(tmp_path) == ("our-own\n", '"-Drecado.password=our-own"\n')
