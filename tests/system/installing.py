"""Clean environments, and what is installed in them from the configured index."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_S = 300


def variables(folder: Path) -> dict[str, str]:
    """Return the variables of somebody who has activated an environment."""
    dropped = ("RECADO_", "PYTHON", "COV_", "VIRTUAL_ENV")
    kept = {key: it for key, it in os.environ.items() if not key.startswith(dropped)}
    path = os.pathsep.join(
        [str(folder / "bin"), str(Path(sys.executable).parent), kept["PATH"]]
    )
    return kept | {
        "PATH": path,
        "VIRTUAL_ENV": str(folder),
        "PIP_CONSTRAINT": str(ROOT / "constraints.txt"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def called(folder: Path, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of an environment to its end."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=variables(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def pip(folder: Path, *args: str, cwd: Path) -> str:
    """Run pip on an environment, and return what it printed."""
    head = (sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"))
    done = called(folder, *head, *args, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


def environment(folder: Path, *packages: str) -> Path:
    """Make an environment with nothing in it but some packages."""
    venv.create(folder, symlinks=True)
    if packages:
        pip(folder, "install", "--quiet", *packages, cwd=folder)
    return folder


def need_index(folder: Path) -> None:
    """Skip the test if no index of packages can be reached; fail it on CI."""
    command = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps")
    done = called(folder, *command, "hatchling", cwd=folder)
    if done.returncode == 0:
        return
    said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    reason = f"no index of packages can be reached: {' '.join(said[:1])}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
