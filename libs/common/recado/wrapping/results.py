"""Result files: which there are, and what is said of them, in the form of Zocalo's."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final, cast

from recado.errors import Problem

LIMIT: Final = 10_000
"""Files that one pattern may match."""


def result_file(path: Path, file_type: str = "result") -> dict[str, str]:
    """Return what the output ``result-individual-file`` is sent of a file."""
    whole = path.absolute()
    return {
        "file_path": str(whole.parent),
        "file_name": whole.name,
        "file_type": file_type,
    }


def all_files(paths: Sequence[Path]) -> dict[str, list[str]]:
    """Return what the output ``result-all-files`` is sent."""
    return {"filelist": [str(path.absolute()) for path in paths]}


def pattern_problems(patterns: object) -> list[Problem]:
    """Return what is wrong with a recipe's patterns: they must stay in the folder."""
    if not isinstance(patterns, list):
        return [Problem("", f"must be a list of patterns, not {patterns!r:.80}")]
    wanted = "must be a pattern below the working folder"
    return [
        Problem(f"[{index}]", f"{wanted}, not {pattern!r:.80}")
        for index, pattern in enumerate(cast("list[object]", patterns))
        if not _is_below(pattern)
    ]


def _is_below(pattern: object) -> bool:
    if not isinstance(pattern, str) or "\0" in pattern:
        return False
    parts = PurePosixPath(pattern).parts
    return bool(parts) and not pattern.startswith("/") and ".." not in parts


def found(
    folder: Path, files: Sequence[Path], patterns: Sequence[str]
) -> tuple[list[Path], list[Path]]:
    """Return the result files that exist, each once, and those named that do not."""
    there: dict[Path, None] = {}
    missing: list[Path] = []
    for file in files:
        path = folder / file
        if path.is_file():
            there[path] = None
        else:
            missing.append(path)
    for pattern in patterns:
        matched = (path for path in folder.glob(pattern) if path.is_file())
        there.update(dict.fromkeys(sorted(islice(matched, LIMIT))))
    return list(there), missing
