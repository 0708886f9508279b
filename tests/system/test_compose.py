"""The suite in containers, beside each broker and with either program of compose.

The tests of one project follow one another: it is started, used, scaled, stopped, started
again and removed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator
from typing import Any

import pytest

from tests.page import Ids, blocks
from tests.system.composing import (
    ROOT,
    Project,
    called,
    docker,
    need_image,
    project,
)

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not os.environ.get("RECADO_COMPOSE"),
        reason="builds and pulls images, and takes minutes: make compose-test",
    ),
]
PLUGIN = ("docker", "compose")
PROGRAM = ("docker-compose",)
SERVICES = {
    "deadletter",
    "dispatcher",
    "eventstore",
    "expander",
    "hello",
    "jsonlines",
    "mailer",
    "registry",
    "rehearsal",
}
LOOK = """
from urllib.request import urlopen
print(urlopen("http://dispatcher:8080/metrics").read().decode())
"""
ASK = """
PGPASSWORD=$(cat /etc/recado/secrets/database_password) psql --host "$(hostname -i)" \
    --username recado --dbname events --tuples-only --no-align \
    --command "SELECT current_user || ' ' || current_database()"
"""


@pytest.fixture(
    scope="module",
    params=[
        (PLUGIN, "rabbitmq"),
        (PLUGIN, "activemq"),
        (PROGRAM, "rabbitmq"),
        (PROGRAM, "activemq"),
    ],
    ids=lambda each: f"{'-'.join(each[0])} {each[1]}",
)
def suite(request: pytest.FixtureRequest) -> Generator[Project]:
    """A project with RabbitMQ, as .env has it, or with ActiveMQ."""
    with project(*request.param) as made:
        yield made


def test_one_command_starts_everything_and_everything_gets_healthy(
    suite: Project,
) -> None:
    began = time.time()

    suite.do("up", "--detach")

    checked = {each.service for each in suite.until_healthy(began)}
    assert checked - {"rabbitmq", "activemq"} == SERVICES
    assert len(checked) == len(SERVICES) + 1


def test_runs_come_to_their_ends(suite: Project) -> None:
    done = suite.recado("go", "hello", "--wait")
    incomplete = suite.recado("go", "study", "--wait")

    assert done.returncode == 0, done.stderr
    assert "is done: 1 message handled" in done.stderr
    assert incomplete.returncode == 1
    assert "is incomplete: 1 dead letter of 25 messages" in incomplete.stderr


def test_a_service_tells_its_metrics_to_the_others_and_to_nobody_else(
    suite: Project,
) -> None:
    told = suite.do("run", "--rm", "-T", "--entrypoint", "python", "recado", "-c", LOOK)

    head = 'recado_messages_total{outcome="handled",queue="processing_recipe"'
    assert f'{head},service="dispatcher"}} 2.0' in told
    shown = docker("ps", "--filter", f"name={suite.name}", "--format", "{{.Ports}}")
    published = [each for each in shown.replace(",", "\n").split() if "->" in each]
    assert published
    assert all(each.startswith("127.0.0.1:") for each in published)


def test_a_service_is_scaled_and_commands_leave_it_so(suite: Project) -> None:
    began = time.time()
    suite.do("up", "--detach", "--scale", "expander=4")
    suite.until_healthy(began)

    found = suite.recado("registry", "show", "expander", "--json")

    assert found.returncode == 0, found.stderr
    assert len(json.loads(found.stdout)["instances"]) == 4
    assert [each.service for each in suite.containers()].count("expander") == 4


def test_a_stop_drains_and_what_was_under_way_goes_on_after_it(suite: Project) -> None:
    started = suite.recado("go", "study")
    run = started.stdout.strip()

    suite.do("stop")
    codes = {each.service: each.code for each in suite.containers()}
    began = time.time()
    suite.do("start")
    suite.until_healthy(began)

    assert {name: codes[name] for name in SERVICES} == dict.fromkeys(SERVICES, 0)
    while (state := shown(suite, run)["state"]) == "running":
        continue
    assert state == "incomplete"
    assert shown(suite, run)["handled"] == 24


def test_nothing_is_left_of_it(suite: Project) -> None:
    suite.down()

    label = f"label=com.docker.compose.project={suite.name}"
    for kind in ("container", "volume", "network"):
        assert docker(kind, "ls", "--quiet", "--filter", label) == ""


def test_the_commands_of_the_page_do_what_it_shows() -> None:
    ids = Ids()
    with project(PLUGIN, "rabbitmq") as page:
        for block in blocks(ROOT / "docs" / "how-to" / "deploy-with-compose.md"):
            for command, lines in block.commands() if block.kind == "console" else ():
                told = ids.told(f"{command} 2>&1")
                done = called(["sh", "-c", told], page.variables)
                ids.compare(lines, done.stdout)
                assert done.returncode == 0, done.stdout


def shown(suite: Project, run: str) -> dict[str, Any]:
    """Return what the event store tells of a run."""
    done = suite.recado("run", "show", run, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["run"]
    return found


def test_a_profile_adds_a_database_that_takes_the_password_of_the_secrets() -> None:
    need_image("postgres:16")
    with project(PLUGIN, "rabbitmq") as made:
        began = time.time()
        made.do("--profile", "postgres", "up", "--detach", "postgres")
        made.until_healthy(began)

        told = made.do(
            "--profile", "postgres", "exec", "-T", "postgres", "sh", "-c", ASK
        )
        made.do("--profile", "postgres", "down", "--volumes")

    assert told.split() == ["recado", "events"]
