"""Zocalo's own programs, unmodified, on the broker that recado's services are on."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from recado.schemas.events import RunReply
from tests.brokers import RabbitMQ, Server
from tests.system.conducting import Conductor

ROOT: Final = Path(__file__).parents[3]
_PATIENCE_S: Final = 60.0
_SERVICES: Final = (
    "[workflows.services]\nWhisper = tests.integration.zocalo.whisper:Whisper\n"
)


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that has ended: its exit code, and all that it printed."""

    code: int
    text: str


class Zocalo:
    """A Zocalo installation in a folder of its own, with the service ``Whisper``.

    ``part`` is the broker's part that it is in: a virtual host, or a prefix.
    """

    def __init__(self, folder: Path, server: Server, part: str) -> None:
        self.recipes = folder / "recipes"
        self.drop = folder / "drop"
        self._folder = folder
        self._transport = "Pika" if isinstance(server, RabbitMQ) else "Stomp"
        for place in (self.recipes, self.drop):
            place.mkdir(parents=True, exist_ok=True)
        configured = _configuration(self.recipes, self.drop, server, part)
        configuration = folder / "zocalo.yaml"
        configuration.write_text(json.dumps(configured))  # JSON is YAML
        self._environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("ZOCALO_")},
            "ZOCALO_CONFIG": str(configuration),
            "PYTHONPATH": f"{_announced(folder)}:{ROOT}",
            "PYTHONUNBUFFERED": "1",
        }

    def add_recipe(self, name: str, recipe: Mapping[str, Any]) -> None:
        """Put a recipe into the folder that dispatchers look into."""
        (self.recipes / f"{name}.json").write_text(json.dumps(recipe))

    async def run(self, program: str, *args: str) -> Ran:
        """Run one of its programs to the end."""
        process = await self._spawn(program, *args, stdout=asyncio.subprocess.PIPE)
        text, _ = await asyncio.wait_for(process.communicate(), _PATIENCE_S)
        assert process.returncode is not None
        return Ran(process.returncode, text.decode())

    async def go(self, *args: str, guid: str) -> Ran:
        """Submit a request for a run of the given name."""
        return await self.run("go", *args, "-s", f"guid={guid}")

    @asynccontextmanager
    async def serving(self, name: str) -> AsyncGenerator[asyncio.subprocess.Process]:
        """Have one of its services run for the length of a block.

        It is two processes, and the second survives the first: both are killed.
        """
        with (self._folder / f"{name}.log").open("ab") as log:
            process = await self._spawn("service", "-s", name, stdout=log.fileno())
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def _spawn(
        self, program: str, *args: str, stdout: int
    ) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name(f"zocalo.{program}")),
            *("-t", f"{self._transport}Transport"),
            *args,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stdout,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment,
            cwd=self._folder,
            start_new_session=True,
        )


async def handled(conductor: Conductor, run: str, count: int) -> RunReply:
    """Wait until so many messages of a run are handled; return the run.

    What Zocalo's services hold is not counted, so a run may be done, and then go on.
    """
    async with asyncio.timeout(_PATIENCE_S):
        while (shown := await conductor.finished(run)).handled < count:
            await conductor.log.wait(await conductor.log.head(), 1.0)
    return shown


def _configuration(
    recipes: Path, drop: Path, server: Server, part: str
) -> dict[str, Any]:
    user, _, password = server.login.partition(":")
    login = {"username": user, "password": password}
    where = {"host": server.host, "port": server.port, **login}
    storage = {
        "plugin": "storage",
        "zocalo.recipe_directory": str(recipes),
        "zocalo.go.fallback_location": str(drop),
    }
    found: dict[str, Any] = {"version": 1, "storage": storage}
    if isinstance(server, RabbitMQ):
        api = f"http://{server.host}:{server.http_port}/api"
        found["broker"] = {"plugin": "pika", "vhost": part, **where}
        found["management"] = {"plugin": "rabbitmqapi", "base_url": api, **login}
    else:
        found["broker"] = {"plugin": "stomp", "prefix": part, **where}
    blocks = [name for name in found if name != "version"]
    return {**found, "environments": {"default": blocks}}


def _announced(folder: Path) -> Path:
    """Return a folder that announces the service as an installed package would."""
    place = folder / "site" / "whisper-1.0.dist-info"
    place.mkdir(parents=True, exist_ok=True)
    (place / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: whisper\nVersion: 1.0\n"
    )
    (place / "entry_points.txt").write_text(_SERVICES)
    return place.parent
