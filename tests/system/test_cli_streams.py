"""The command when its standard streams are closed or full, and when it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.system.cli_process import PATIENCE_S, variables

COMMAND = [sys.executable, "-m", "recado_cli"]


def ended(
    folder: Path, *args: str, before: Callable[[], None] | None = None, out: int = -1
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *args],
        cwd=folder,
        env=variables(folder),
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        preexec_fn=before,
    )


def test_a_closed_standard_out_is_not_taken_for_a_file(tmp_path: Path) -> None:
    done = ended(tmp_path, "recipe", "ls", before=partial(os.close, 1))

    assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_standard_in_is_empty(tmp_path: Path) -> None:
    done = ended(tmp_path, "go", "-f", "-", before=partial(os.close, 0))

    assert done.returncode == 1
    assert done.stderr.startswith("recado: recipe standard in: 1 problem\n")


@pytest.mark.parametrize("args", [["--help"], ["recipe", "ls"], ["completion", "zsh"]])
def test_a_full_standard_out_is_one_line(tmp_path: Path, args: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = ended(tmp_path, *args, out=full.fileno())

    assert done.returncode == 1
    assert done.stderr == "recado: standard out: No space left on device\n"


def test_ctrl_c_while_the_command_is_loading_is_quiet(tmp_path: Path) -> None:
    program = (
        "import importlib.abc, os, signal, sys\n"
        "class Interrupting(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'click': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "import recado_cli.main\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=variables(tmp_path),
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert (done.returncode, done.stderr) == (128 + signal.SIGINT, "")
