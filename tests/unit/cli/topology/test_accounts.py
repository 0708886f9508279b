"""Users come from INI files, and their passwords are never told."""

from __future__ import annotations

from pathlib import Path

import pytest

from recado.errors import ConfigError, SchemaError
from recado.management import User, hashed, matches
from recado_cli.topology.accounts import Account, read_accounts


def ini(folder: Path, name: str, *lines: str) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(["[rabbitmq]", *lines]))


def test_each_file_of_a_folder_and_those_below_is_an_account(tmp_path: Path) -> None:
    ini(tmp_path, "a.ini", "username = a", "password = x%%y", "tags = one, two,")
    ini(tmp_path, "deep/b.ini", "username = b", "password = z")
    (tmp_path / "notes.txt").write_text("nothing")

    assert read_accounts(tmp_path) == [
        Account("a", "x%y", ("one", "two")),
        Account("b", "z", ()),
    ]


def test_every_fault_is_told_at_once_without_a_password(tmp_path: Path) -> None:
    ini(tmp_path, "1.ini", "username = a", "password = fine")
    ini(tmp_path, "2.ini", "username = a", "password = secret")
    ini(tmp_path, "3.ini", "username =", "passwort = secret")
    ini(tmp_path, "4.ini", "username = b", "password = secret%x")
    (tmp_path / "5.ini").write_text("password = secret")
    (tmp_path / "6.ini").write_text("[stomp]\npassword = secret")
    (tmp_path / "7.ini").write_bytes(b"\xff")

    with pytest.raises(SchemaError) as raised:
        read_accounts(tmp_path)

    told = [str(problem) for problem in raised.value.problems]
    assert "secret" not in str(raised.value)
    assert told[0] == "2.ini: user 'a' is in another file already"
    assert told[1].startswith("3.ini: passwort is not known; did you mean 'password'?")
    assert told[2:] == [
        "3.ini: username is missing",
        "3.ini: password is missing",
        "4.ini: password: a % is to be written as %%",
        "5.ini: is no INI file (MissingSectionHeaderError)",
        "6.ini: has no section [rabbitmq]",
        "7.ini: is not UTF-8",
    ]


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no folder"):
        read_accounts(tmp_path / "none")


def test_a_user_keeps_the_servers_hash_if_it_is_one_of_the_password() -> None:
    account = Account("a", "x", ("one",))
    there = User(name="a", password_hash=hashed("x"))
    other = User(name="a", password_hash=hashed("y"))

    assert account.user(there).password_hash == there.password_hash
    assert matches("x", account.user(other).password_hash)
    assert matches("x", account.user(None).password_hash)


def test_a_hash_of_another_algorithm_is_replaced() -> None:
    there = User(name="a", password_hash=hashed("x"), hashing_algorithm="md5")

    user = Account("a", "x", ()).user(there)

    assert user.password_hash != there.password_hash
    assert user.hashing_algorithm == "rabbit_password_hashing_sha256"


def test_an_account_does_not_show_its_password() -> None:
    assert "secret" not in repr(Account("a", "secret", ()))
