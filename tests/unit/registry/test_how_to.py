"""The how-to page on registries shows what really happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "registries.md"


def test_every_example_of_the_how_to_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    examples = tmp_path / "registries.txt"
    examples.write_text("\n".join(blocks))

    # In a process of its own: the page lists every registry there is in one.
    done = subprocess.run(
        [sys.executable, "-m", "doctest", "-o", "ELLIPSIS", str(examples)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert examples.read_text().count(">>> ") > 30
    assert (done.returncode, done.stdout) == (0, "")
