"""Writing a ``recado.toml``, and the passwords into files that nobody else may read."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recado.errors import ConfigError
from recado.zocalo import Carried, Login
from recado_cli.config.importing import Table

SECRETS: Final = "recado-secrets"
"""The folder of the passwords, beside the file."""
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_ODD: Final = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True, slots=True)
class Files:
    """What is to be written: the file's text, and by path the passwords."""

    path: Path
    text: str
    secrets: Mapping[Path, str]


def files(path: Path, tables: Sequence[Table], origin: Path) -> Files:
    """Return what is to be written for some tables."""
    secrets: dict[Path, str] = {}
    blocks: list[str] = [
        f"# What {_commented(origin)} says, by 'recado config import'.\n"
    ]
    for table in tables:
        lines = [f"[{_head(table)}]\n"]
        lines += [
            f"{each.name} = {_quoted(_value(each, path, secrets))}\n"
            for each in table.settings
        ]
        blocks.append("".join(lines))
    return Files(path, "\n".join(blocks), secrets)


def write(wanted: Files, *, force: bool) -> None:
    """Write the passwords, and then the file that names them.

    Raises:
        ConfigError: if one of them is there already, unless by force; nothing is written.
    """
    there = [path for path in (wanted.path, *wanted.secrets) if path.exists()]
    if there and not force:
        names = ", ".join(map(str, there))
        raise ConfigError(f"there already: {names}; --force writes over it")
    texts = {path: f"{secret}\n" for path, secret in wanted.secrets.items()}
    for path in texts:
        path.parent.mkdir(mode=0o700, exist_ok=True)
    texts[wanted.path.resolve()] = wanted.text
    drafts = {path: path.with_name(f".{path.name}.new") for path in texts}
    try:
        for path, draft in drafts.items():
            # Made for its owner alone, so that it is never open to others, not for a moment.
            _write(draft, texts[path], 0o600 if path in wanted.secrets else 0o666)
        # What is there is there until all of it can be replaced.
        for path, draft in drafts.items():
            draft.replace(path)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


def _write(path: Path, text: str, mode: int) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:  # a full disk does not say of which file
        raise OSError(error.errno, error.strerror, str(path)) from error


def shown_value(each: Carried) -> str:
    """Return a setting's value fit to be shown: without its password."""
    if not isinstance(each.value, Login):
        return each.value
    return each.value.without_password


def _value(each: Carried, path: Path, secrets: dict[Path, str]) -> str:
    if not isinstance(each.value, Login):
        return each.value
    # What Zocalo has by default is no secret.
    if not each.value.password or not each.block:
        return each.value.url
    return each.value.url_with(_secret_file(each, each.value.password, path, secrets))


def _secret_file(
    each: Carried, password: str, path: Path, secrets: dict[Path, str]
) -> Path:
    """Return the file of a password; blocks of one name may have different ones."""
    name = _ODD.sub("_", each.block).lstrip(".") or each.name
    for number in range(len(secrets) + 1):
        file = (
            path.absolute().parent / SECRETS / f"{name}{f'-{number}' if number else ''}"
        )
        if secrets.setdefault(file, password) == password:
            return file
    raise AssertionError("one of the names is free")


def _head(table: Table) -> str:
    if not table.environment:
        return table.name
    name = table.environment
    return f"environment.{name if _BARE.fullmatch(name) else _quoted(name)}"


def _quoted(text: str) -> str:
    # JSON and TOML write texts alike, but for this one character.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _commented(path: Path) -> str:
    return "".join(char if char.isprintable() else "?" for char in str(path))
