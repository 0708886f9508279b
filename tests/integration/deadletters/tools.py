"""The command as a site has it, beside Zocalo's programs."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_PATIENCE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended: its exit code, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, read as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Recado:
    """Recado, installed in a folder, with a broker's URL."""

    folder: Path
    broker: str

    async def run(self, *words: str) -> Ran:
        """Run a command to its end."""
        return await self.shell(self.line(*words))

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        """Start a command."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "recado_cli", *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment,
            cwd=self.folder,
        )

    def line(self, *words: str) -> str:
        """Return a command as a shell's line has it."""
        return shlex.join([sys.executable, "-m", "recado_cli", *words])

    async def shell(self, line: str) -> Ran:
        """Run a shell's line to its end; a pipe fails if any of its commands does."""
        process = await asyncio.create_subprocess_exec(
            *("bash", "-o", "pipefail", "-c", line),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment,
            cwd=self.folder,
        )
        out, err = await asyncio.wait_for(process.communicate(), _PATIENCE_S)
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    @property
    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("RECADO_")}
        return {**kept, "RECADO_BROKER": self.broker}
