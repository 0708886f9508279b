"""Accounts: users and their passwords, from a folder of INI files."""

from __future__ import annotations

import configparser
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from recado.errors import ConfigError, Problem, SchemaError, nearest
from recado.management import User, hashed, matches
from recado.management.objects import SHA256

_SECTION: Final = "rabbitmq"
_KEYS: Final = ("username", "password", "tags")


@dataclass(frozen=True, slots=True)
class Account:
    """A user who is to be on the server."""

    name: str
    password: str = field(repr=False)
    tags: tuple[str, ...]

    def user(self, there: User | None) -> User:
        """Return the user with the password's hash: the server's, if it is one of it."""
        is_same = (
            there is not None
            and there.hashing_algorithm == SHA256
            and matches(self.password, there.password_hash)
        )
        known = there.password_hash if there is not None and is_same else ""
        return User(
            name=self.name,
            tags=self.tags,
            password_hash=known or hashed(self.password),
        )


def read_accounts(folder: Path) -> list[Account]:
    """Return the accounts of all ``*.ini`` files in a folder and those below.

    Raises:
        ConfigError: if there is no such folder.
        SchemaError: with everything that is wrong in the files.
    """
    if not folder.is_dir():
        raise ConfigError(f"there is no folder {folder} with users' files")
    problems: list[Problem] = []
    accounts: dict[str, Account] = {}
    for path in sorted(folder.rglob("*.ini")):
        where = str(path.relative_to(folder))
        try:
            account = _account(path)
        except ValueError as error:
            problems += [Problem(where, text) for text in error.args]
            continue
        if account.name in accounts:
            text = f"user {account.name!r} is in another file already"
            problems.append(Problem(where, text))
        accounts[account.name] = account
    if problems:
        raise SchemaError(f"users in {folder}", problems)
    return list(accounts.values())


def _account(path: Path) -> Account:
    """Return the account of one file; raises ValueError with each thing that is wrong."""
    parser = configparser.ConfigParser()
    try:
        parser.read_string(path.read_text(encoding="utf-8"), source=path.name)
        if _SECTION not in parser:
            raise ValueError(f"has no section [{_SECTION}]")
        section = dict(parser[_SECTION])
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError("is not UTF-8") from error
    except configparser.InterpolationError as error:
        raise ValueError(f"{error.option}: a % is to be written as %%") from error
    except configparser.Error as error:
        # Its text would quote the line, and the line may be the password.
        raise ValueError(f"is no INI file ({type(error).__name__})") from error
    wrong = [
        f"{key} is not known{nearest(key, _KEYS)}"
        for key in section
        if key not in _KEYS
    ]
    wrong += [f"{key} is missing" for key in _KEYS[:2] if not section.get(key)]
    if wrong:
        raise ValueError(*wrong)
    tags = (tag.strip() for tag in section.get("tags", "").split(","))
    return Account(
        section["username"], section["password"], tuple(tag for tag in tags if tag)
    )
