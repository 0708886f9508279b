"""Requests that one world stores are sent by the other: ``zocalo.go`` and ``zocalo.pickup``.

Neither needs a broker here: Zocalo's goes nowhere, and recado's is a file.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from recado.message import decode
from recado.schemas.dispatch import DISPATCHER_QUEUE
from recado.transport import Browsed, make_transport
from tests.brokers.requirements import missing
from tests.system.cli_process import run, variables


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """The folder that both store requests in; the broker knows a dispatcher."""
    drop = tmp_path / "state" / "drop"
    drop.mkdir(parents=True)
    (tmp_path / "zocalo.yml").write_text(f"""
version: 1
stored:
  plugin: storage
  zocalo.go.fallback_location: {drop}
environments:
  default: [stored]
""")
    return drop


def zocalo(folder: Path, name: str, *args: str) -> str:
    """Run one of Zocalo's commands, and return what it prints."""
    program = Path(sys.executable).with_name(name)
    if not program.exists():
        missing("zocalo is not installed; the extra 'peers' has it")
    done = subprocess.run(
        [program, *args, "-t", "OfflineTransport"],
        env=variables(folder) | {"ZOCALO_CONFIG": str(folder / "zocalo.yml")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def arrived(folder: Path, *, declares: bool = False) -> list[Browsed]:
    """Return what is in the dispatcher's queue, which may be declared first."""
    transport = make_transport(f"sqlite:///{folder}/state/broker.db")
    await transport.open()
    if declares:
        await transport.declare([DISPATCHER_QUEUE])
    found = await transport.browse(DISPATCHER_QUEUE)
    await transport.close()
    return found


def test_what_zocalo_stored_recado_sends(tmp_path: Path, drop: Path) -> None:
    zocalo(tmp_path, "zocalo.go", "--drop", "-n", "-r", "hello", "-s", "size=3")
    asyncio.run(arrived(tmp_path, declares=True))

    done = run(tmp_path, "pickup")

    assert done.returncode == 0, done.stderr
    (held,) = asyncio.run(arrived(tmp_path))
    assert decode(held.message.body) == {
        "recipes": ["hello"],
        "parameters": {"size": "3"},
    }
    assert held.message.headers["zocalo.go.user"]
    assert os.listdir(drop) == []


def test_what_recado_stored_zocalo_sends(tmp_path: Path, drop: Path) -> None:
    stored = json.loads(run(tmp_path, "go", "hello", "--drop", "--json").stdout)

    told = zocalo(tmp_path, "zocalo.pickup", "--wait", "0", "--delay", "0")

    assert f"Sending {stored['stored']}" in told
    assert "with recipes hello" in told
    assert os.listdir(drop) == []
