"""Reading a study from where the command line names it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recado_experiment import Study


def read_study(config: str) -> Study:
    """Read a study from a file, or from standard in.

    Raises:
        StudyError: with every problem of it.
    """
    from recado_experiment import Study

    if config == "-":
        return Study.read(sys.stdin.buffer.read(), "standard in")
    path = Path(config)
    return Study.read(path.read_bytes(), path.name)
