"""The same file makes the same things through zocalo.configure_rabbitmq and through us."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from textwrap import dedent

import pytest

from recado.config import Settings
from recado.errors import ConfigError
from recado.management import (
    Management,
    Permission,
    User,
    VirtualHost,
    management_address,
    matches,
)
from recado_cli.topology.applying import Consent
from recado_cli.topology.planning import Action, Plan
from recado_cli.topology.site import connected_site
from recado_cli.topology.state import KINDS, Kind, Place, actual_state, state_of
from tests.brokers import RabbitMQ

FILE = """
vhosts:
  - {name: zocalo, description: processing, tags: [one, two]}
permissions:
  - {vhost: zocalo, user: guest, configure: ".*", write: ".*", read: ".*"}
  - {vhost: zocalo, user: worker, configure: "", write: ".*", read: ".*"}
policies:
  - {vhost: zocalo, name: limit, pattern: ".*", definition: {delivery-limit: 5}, priority: 1}
  - {vhost: zocalo, name: short, definition: {message-ttl: 60000}}
exchanges:
  - {name: results, vhost: zocalo, type: topic, durable: true}
  - {name: loose, vhost: zocalo, type: direct}
bindings:
  - {vhost: zocalo, source: results, destination: jsonlines, routing_key: "run.#"}
  - {vhost: zocalo, source: results, destination: archive.one, arguments: {x: 1}}
groups:
  - names: [processing_recipe, jsonlines]
    vhost: zocalo
    settings:
      queues: {type: quorum, dead-letter-routing-key-pattern: "dlq.{name}"}
  - names: [archive.one, archive.two]
    vhost: zocalo
    bindings: ["", results]
    settings:
      single_active_consumer: true
      queues:
        dead-letter-routing-key-pattern: "dead.{name}"
        dead-letter-exchange: results
        dead-letter-queue-create: false
  - {names: [tape], vhost: zocalo, settings: {queues: {type: stream}}}
  - {names: [plain], vhost: zocalo}
  - {names: [command, transient.status], vhost: zocalo, settings: {broadcast: true}}
"""
USERS = {"guest": ("guest", "administrator"), "worker": ("s%%cret", "monitoring")}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[RabbitMQ]:
    """A server of its own: Zocalo's tool deletes whatever is in no file."""
    folder = tmp_path_factory.mktemp("configured")
    with RabbitMQ(folder, plugins=["rabbitmq_management"]) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The topology's file, and the users' folder."""
    (tmp_path / "rabbitmq.yaml").write_text(FILE)
    (tmp_path / "users").mkdir()
    for name, (password, tags) in USERS.items():
        (tmp_path / "users" / f"{name}.ini").write_text(
            f"[rabbitmq]\nusername = {name}\npassword = {password}\ntags = {tags}\n"
        )
    return tmp_path


def url(server: RabbitMQ) -> str:
    return f"http://{server.login}@{server.host}:{server.http_port}/"


async def everything(server: RabbitMQ) -> dict[Kind, dict[Place, object]]:
    """Return all that is on a server, without what differs each time."""
    async with Management(management_address(url(server), "")) as management:
        wanted = state_of([VirtualHost(name="zocalo"), VirtualHost(name="/")])
        there = await actual_state(management, wanted)
    found: dict[Kind, dict[Place, object]] = {
        kind: {place: each.content for place, each in there.of(kind).items()}
        for kind in KINDS
        if kind is not User
    }
    found[User] = {
        user.place: (user.tags, matches(USERS[user.name][0].replace("%%", "%"), hash_))
        for user in there.of(User).values()
        if isinstance(user, User) and (hash_ := user.password_hash)
    }
    return found


def run_zocalo(server: RabbitMQ, folder: Path) -> None:
    program = Path(sys.executable).with_name("zocalo.configure_rabbitmq")
    (folder / "zocalo.yaml").write_text(
        dedent(
            f"""
            version: 1
            environments: {{default: [api]}}
            api:
              plugin: rabbitmqapi
              base_url: http://{server.host}:{server.http_port}/api
              username: guest
              password: guest
            """
        )
    )
    subprocess.run(
        [program, folder / "rabbitmq.yaml", "--user-config", folder / "users"],
        env={**os.environ, "ZOCALO_CONFIG": str(folder / "zocalo.yaml")},
        check=True,
        capture_output=True,
        timeout=60,
    )


async def run_recado(server: RabbitMQ, folder: Path) -> Plan:
    """Make what the file wants, and return what is left to do."""
    settings = Settings(broker=server.url, management=url(server))
    file, users = folder / "rabbitmq.yaml", folder / "users"
    async with connected_site(settings, file, users) as site:
        outcome = await site.apply(await site.plan(), Consent())
        assert outcome.refused == []
        return await site.plan()


async def emptied(server: RabbitMQ) -> None:
    async with Management(management_address(url(server), "")) as management:
        await management.delete(VirtualHost(name="zocalo"))
        await management.delete(User(name="worker"))


async def test_the_same_file_makes_the_same_things(
    server: RabbitMQ, folder: Path
) -> None:
    run_zocalo(server, folder)
    by_zocalo = await everything(server)
    await emptied(server)

    left = await run_recado(server, folder)

    assert left.of(Action.CREATE, Action.UPDATE, Action.REPLACE) == []
    by_recado = await everything(server)
    assert by_recado == by_zocalo
    assert len(by_recado[User]) == len(USERS)

    run_zocalo(server, folder)

    assert await everything(server) == by_recado, "nothing for Zocalo's tool to change"


async def test_the_default_virtual_host_is_as_good_as_any(
    server: RabbitMQ, folder: Path
) -> None:
    (folder / "rabbitmq.yaml").write_text(
        'policies: [{vhost: /, name: limit, pattern: ".", definition: {max-length: 9}}]\n'
        "exchanges: [{name: results, type: topic}]\n"
        "groups: [{names: [work], bindings: [results]}]\n"
    )
    async with Management(management_address(url(server), "")) as management:
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        guest = Permission(vhost="/", user="guest", **rights)
        # Zocalo's tool may have taken it away: it was in no file.
        await management.delete(guest)
        with pytest.raises(ConfigError, match=r"let user 'guest' in .*%2F"):
            await run_recado(server, folder)
        await management.put(guest)

    left = await run_recado(server, folder)

    assert left.steps == ()
