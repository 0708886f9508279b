"""The ``recado`` command, with what both worlds share."""

from __future__ import annotations

import asyncio
import subprocess

from tests.integration.zocalo.neighbour import Zocalo
from tests.system import cli_process
from tests.system.fleet import Fleet


async def recado(
    zocalo: Zocalo, ships: Fleet, *args: str
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return await asyncio.to_thread(
        cli_process.run,
        ships.state.parent,
        *args,
        RECADO_BROKER=ships.url,
        RECADO_RECIPES=str(zocalo.recipes),
        RECADO_DROP=str(zocalo.drop),
    )
