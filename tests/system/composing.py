"""Projects of docker compose: started, watched and removed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest

from tests.brokers.ports import free_port

ROOT: Final = Path(__file__).parents[2]
IMAGE: Final = "recado:test"
PATIENCE_S: Final = 300


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a project, as the engine sees it."""

    service: str
    status: str
    health: str
    code: int


@dataclass(frozen=True, slots=True)
class Project:
    """A project with a name of its own, driven by one of the two programs."""

    tool: Sequence[str]
    name: str
    settings: Mapping[str, str]

    @property
    def variables(self) -> dict[str, str]:
        """What its commands are run with; nothing of the developer's settings."""
        dropped = ("RECADO_", "COMPOSE_")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
        own = {"COMPOSE_PROJECT_NAME": self.name, "RECADO_IMAGE": IMAGE}
        return {**kept, **own, **self.settings}

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Run one of compose's commands to its end, whatever comes of it."""
        return called([*self.tool, *args], self.variables)

    def do(self, *args: str) -> str:
        """Run one of compose's commands that has to go well; return what it printed."""
        done = self.run(*args)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def recado(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Run the command inside."""
        return self.run("run", "--rm", "-T", "recado", *args)

    def containers(self) -> list[Container]:
        """Return the containers, those of single commands left out."""
        label = f"label=com.docker.compose.project={self.name}"
        ids = docker("ps", "--all", "--quiet", "--filter", label).split()
        found: list[dict[str, Any]] = json.loads(docker("inspect", *ids)) if ids else []
        return [
            Container(
                labels["com.docker.compose.service"],
                each["State"]["Status"],
                each["State"].get("Health", {}).get("Status", ""),
                each["State"]["ExitCode"],
            )
            for each in found
            if (labels := each["Config"]["Labels"])["com.docker.compose.oneoff"]
            == "False"
        ]

    def until_healthy(self, began: float) -> list[Container]:
        """Wait until every container with a health check is healthy; return these.

        Fails if one is told to be unhealthy after ``began``.
        """
        with self._health_events(began) as events:
            while True:
                checked = [each for each in self.containers() if each.health]
                if {each.health for each in checked} == {"healthy"}:
                    return checked
                assert "unhealthy" not in next(events), self.do("logs", "--tail", "5")

    @contextmanager
    def _health_events(self, since: float) -> Generator[Iterator[str]]:
        filters = (
            f"label=com.docker.compose.project={self.name}",
            "event=health_status",
        )
        process = subprocess.Popen(
            ["docker", "events", "--since", f"{since:.3f}"]
            + [word for each in filters for word in ("--filter", each)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        try:
            yield iter(process.stdout)
        finally:
            process.kill()
            process.communicate()

    def down(self) -> None:
        """Remove everything, the data as well."""
        self.do("down", "--volumes", "--timeout", "5")


def called(
    command: Sequence[str], variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command in the project's root to its end."""
    return subprocess.run(
        command,
        cwd=ROOT,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def docker(*args: str) -> str:
    """Run docker, and return what it printed."""
    done = called(["docker", *args], os.environ)
    assert done.returncode == 0, done.stderr
    return done.stdout


def cannot(reason: str) -> NoReturn:
    """Skip the test, and fail it on CI."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def need(tool: Sequence[str]) -> None:
    """Skip the test if no engine answers, or there is no such program; fail it on CI."""
    if shutil.which("docker") is None:
        cannot("docker is not installed")
    engine = called(
        ["docker", "version", "--format", "{{.Server.Version}}"], os.environ
    )
    if engine.returncode != 0:
        cannot(f"no docker engine answers: {engine.stderr.strip()}")
    if (
        shutil.which(tool[0]) is None
        or called([*tool, "version"], os.environ).returncode
    ):
        cannot(f"{' '.join(tool)} is not installed")


def need_image(name: str) -> None:
    """Have an image here; skip the test if it cannot be pulled, fail it on CI."""
    if called(["docker", "image", "inspect", name], os.environ).returncode == 0:
        return
    pulled = called(["docker", "pull", "--quiet", name], os.environ)
    if pulled.returncode != 0:
        cannot(
            f"image {name} is not here and cannot be pulled: {pulled.stderr.strip()}"
        )


def base_image() -> str:
    """Return the image that ours is built on."""
    text = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
    found = re.search(r"^ARG PYTHON=(\S+)$", text, re.M)
    assert found is not None
    return f"python:{found[1]}"


def broker_image(broker: str) -> str:
    """Return the image that a broker's service runs."""
    text = (ROOT / "deploy" / broker / "compose.yml").read_text("utf-8")
    found = re.search(r"^    image: (\S+)$", text, re.M)
    assert found is not None
    return found[1]


@contextmanager
def project(tool: Sequence[str], broker: str) -> Generator[Project]:
    """Give a project that is not started, and remove it in the end."""
    need(tool)
    need_image(base_image())
    need_image(broker_image(broker))
    docker("build", "--quiet", "--file", "deploy/Dockerfile", "--tag", IMAGE, ".")
    ports = ("RABBITMQ_PORT", "RABBITMQ_UI_PORT", "ACTIVEMQ_PORT")
    settings = {each: str(free_port()) for each in ports}
    if broker != "rabbitmq":
        settings["COMPOSE_FILE"] = f"docker-compose.yml:deploy/{broker}/compose.yml"
    made = Project(tool, f"recado-test-{os.getpid()}-{time.monotonic_ns()}", settings)
    try:
        yield made
    finally:
        made.down()
