"""The ways in which a file comes to have another text."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

Write = Callable[[Path, str], None]


def in_place(file: Path, text: str) -> None:
    file.write_text(text)


def by_rename(file: Path, text: str) -> None:
    other = file.with_suffix(".new")
    other.write_text(text)
    other.replace(file)


def with_a_backup(file: Path, text: str) -> None:
    file.rename(file.with_suffix(".toml~"))
    file.write_text(text)


def from_nothing(file: Path, text: str) -> None:
    file.unlink()
    file.write_text(text)


def by_a_link(file: Path, text: str) -> None:
    target = file.with_name("elsewhere")
    target.mkdir()
    (target / "version-2").write_text(text)
    link = file.with_suffix(".link")
    link.symlink_to(target / "version-2")
    link.replace(file)


def with_its_folder(file: Path, text: str) -> None:
    shutil.rmtree(file.parent)
    file.parent.mkdir()
    file.write_text(text)


def with_the_folder_above(file: Path, text: str) -> None:
    shutil.rmtree(file.parent.parent)
    file.parent.mkdir(parents=True)
    file.write_text(text)


def by_another_folder(file: Path, text: str) -> None:
    other = file.parent.with_name("other")
    other.mkdir()
    (other / file.name).write_text(text)
    file.parent.rename(file.parent.with_name("former"))
    other.rename(file.parent)
