"""Services at work: processes on the embedded broker, and the study that they are given."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SERVICE: Final = ("-m", "recado_cli", "service")
"""How Python runs a service, whose name follows."""
STUDY: Final = """
[configuration]
order = [["near", "mid", "far"], ["dark", "dusk", "bright"]]
groups_strategy = "latin_square"
within_groups_strategy = "latin_square"
random_seed = 5

[configuration.variables]
WORDS = ["alder", "birch", "cedar", "elm", "fir", "hazel", "larch", "maple"]

[[blocks]]
name = "near"
[blocks.config]
distance = 1
trials = 24
word = { function_name = "choices", args = { population = "$WORDS", k = 1 } }
side = { function_name = "choices", args = [["left", "right"]] }
""" + "".join(
    f'\n[[blocks]]\nname = "{name}"\nextends = "near"\nconfig = {{ distance = {at} }}\n'
    for at, name in enumerate(("mid", "far", "dark", "dusk", "bright"), 2)
)


@contextmanager
def at_work(
    folder: Path, commands: Mapping[str, Sequence[str]]
) -> Generator[dict[str, int]]:
    """Run processes with their state, and a study, in a folder; give their pids by name."""
    (folder / "study.toml").write_text(STUDY)
    environment = {
        **os.environ,
        "RECADO_STATE": str(folder),
        "RECADO_RECIPES": str(folder),
        "RECADO_OUTPUTS": str(folder),
        "RECADO_LOG_LEVEL": "error",
    }
    running = {
        name: subprocess.Popen([sys.executable, *command], env=environment)
        for name, command in commands.items()
    }
    try:
        yield {name: process.pid for name, process in running.items()}
    finally:
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        for process in running.values():
            process.wait(60)
