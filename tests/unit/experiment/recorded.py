"""What experiment-server was recorded to make of studies, and what it refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, TypeAlias

Case: TypeAlias = dict[str, Any]


def recorded(name: str) -> dict[str, list[Case]]:
    """Return the cases of a file, ``valid`` and ``invalid`` ones."""
    found: dict[str, list[Case]] = json.loads(
        Path(__file__).with_name(name).read_bytes()
    )
    return found


def case_id(case: Case) -> str:
    """Return what a test of a case is called."""
    return str(case["id"])


CASES: Final = recorded("expansion-cases.json")
"""Studies as people write them, by release 0.3.9."""
