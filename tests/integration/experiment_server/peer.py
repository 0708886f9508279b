"""experiment-server's own expansion, of a file as it comes and of tables."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path

import pytest
import tomli

from recado_experiment.document.tables import Table

RELEASE = "0.3.9"

Process = Callable[[object, int, bool], list[Table]]


@dataclass(frozen=True, slots=True)
class Peer:
    """The package itself; ``file`` is where studies are put for it to read."""

    file: Path
    process_file: Process
    process_tables: Process
    read: Callable[[str], object]

    @classmethod
    def installed(cls, folder: Path) -> Peer:
        """Return the installed package; tests are skipped without, and fail under CI."""
        try:
            release = metadata.version("experiment_server")
        except metadata.PackageNotFoundError:
            release = "not installed"
        if release != RELEASE:
            reason = f"needs experiment-server {RELEASE}, which is {release}"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
        process = import_module("experiment_server._process_config")
        return cls(
            folder / "study.toml",
            process.process_config_file,
            process._process_config,
            import_module("toml").loads,
        )

    def reads(self, text: str) -> bool:
        """Tell whether its reader, which is older than TOML 1.0, reads what is written."""
        try:
            found = self.read(text)
        # Its reader fails in any way at all.
        except Exception:
            return False
        return _listed(found) == _listed(tomli.loads(text))

    def texts(self, text: str, participants: Iterable[int]) -> list[str | None]:
        """Return each participant's blocks as JSON text; None where it raises anything.

        The file is read as it reads it, if it can. Otherwise it gets the tables.
        """
        if self.reads(text):
            self.file.write_text(text, encoding="utf-8")
            return [self._text(self.process_file, self.file, at) for at in participants]
        tables = tomli.loads(text)
        return [
            self._text(self.process_tables, deepcopy(tables), at) for at in participants
        ]

    def _text(self, process: Process, study: object, participant: int) -> str | None:
        try:
            return json.dumps(process(study, participant, True))
        # What it raises may be its own error, or whatever Python raised in it.
        except Exception:
            return None


def _listed(document: object) -> str:
    """Return a document with its types and the order of its keys."""
    return json.dumps(document, default=str)
