"""What must be installed for a test: without it, it skips, and fails where ``CI`` is set."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def required(package: str, program: str | Path) -> str:
    """Return a program's path; without it the test ends here, and says what to install."""
    found = shutil.which(program)
    if found is None:
        missing(f"{package} is not installed; tools/install-brokers does it")
    return found


def missing(reason: str) -> NoReturn:
    """End the test that needs something that is not here."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
