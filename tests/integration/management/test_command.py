"""The command as an administrator types it, and services that may make no queue after it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest

from recado.management import Management, Permission, User, hashed
from recado.transport.activemq import ActiveMQTransport
from recado.transport.rabbitmq import RabbitTransport
from tests.brokers import ActiveMQ, RabbitMQ
from tests.system import cli_process
from tests.transport.inbox import consuming, to

FILE = """
policies: [{vhost: VHOST, name: limit, pattern: ".", definition: {delivery-limit: 5}}]
exchanges: [{vhost: VHOST, name: results, type: topic, durable: true}]
groups:
  - names: [work, old]
    vhost: VHOST
    bindings: [results]
    settings: {queues: {type: quorum}}
"""


def recado(
    folder: Path, broker: str, *args: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return cli_process.run(folder, *args, RECADO_BROKER=broker, **variables)


@pytest.fixture
def broker(rabbitmq: RabbitMQ, path: str) -> str:
    """The URL of the test's virtual host."""
    return rabbitmq.url_with(quote(path, safe=""))


def interface(rabbitmq: RabbitMQ) -> str:
    return f"--management=http://{rabbitmq.login}@{rabbitmq.host}:{rabbitmq.http_port}/"


async def test_a_topology_is_planned_applied_changed_and_cut(
    rabbitmq: RabbitMQ, management: Management, broker: str, path: str, tmp_path: Path
) -> None:
    there = interface(rabbitmq)
    file = tmp_path / "rabbit.yaml"
    text = FILE.replace("VHOST", json.dumps(path))
    file.write_text(text)

    planned = recado(tmp_path, broker, "topology", "plan", "rabbit.yaml", there)
    applied = recado(
        tmp_path, broker, "topology", "apply", "rabbit.yaml", there, "--yes"
    )
    file.write_text(text.replace("[work, old]", "[work]").replace(": 5", ": 6"))
    changed = recado(
        tmp_path,
        broker,
        *("topology", "apply", "rabbit.yaml", there, "--yes", "--delete", "--json"),
    )
    again = recado(
        tmp_path, broker, "topology", "plan", "rabbit.yaml", there, "--exit-code"
    )

    assert planned.stdout.count("\ncreate ") == 6
    assert (planned.returncode, applied.returncode) == (0, 0)
    assert applied.stderr == "recado: created 6\n"
    told = [(each["do"], each["name"]) for each in json.loads(changed.stdout)["done"]]
    assert told == [("update", "limit"), ("delete", "old")]
    assert (again.returncode, again.stdout) == (0, "")
    assert [queue.name for queue in await management.queues(path)] == ["work"]


async def test_after_an_administrator_services_may_do_without_the_right_to_make_queues(
    rabbitmq: RabbitMQ, management: Management, broker: str, path: str, tmp_path: Path
) -> None:
    there = interface(rabbitmq)
    applied = recado(tmp_path, broker, "topology", "apply", there, "--yes")
    low = User(name=f"low {path}", password_hash=hashed("low"))
    rights = Permission(
        vhost=path,
        user=low.name,
        configure=r"^(recado\.|amq\.gen)",
        write=".*",
        read=".*",
    )
    await management.put(low)
    await management.put(rights)
    url = broker.replace(rabbitmq.login, f"{quote(low.name, safe='')}:low")
    try:
        async with RabbitTransport(url) as transport:
            await transport.declare(["hello", "events", "dlq"], "verify")
            inbox = await consuming(transport, "hello")
            await transport.subscribe("command", lambda _: None)
            await transport.publish(to("hello", "a"))
            await (await inbox.next()).retry(0.2)
            second = await inbox.next()
            await second.dead_letter({})
            dead = await transport.depth("dlq")
    finally:
        await management.delete(low)

    assert applied.returncode == 0, applied.stderr
    assert (second.attempt, dead.ready) == (2, 1)


async def test_on_activemq_the_queues_are_declared_through_the_transport(
    activemq: ActiveMQ, path_of_queues: str, tmp_path: Path
) -> None:
    broker = activemq.url_with(path_of_queues)

    applied = recado(tmp_path, broker, "topology", "apply", "--yes")
    again = recado(tmp_path, broker, "topology", "plan", "--exit-code")

    assert applied.returncode == 0, applied.stderr
    assert (again.returncode, again.stdout) == (0, "")
    async with ActiveMQTransport(broker) as transport:
        await transport.declare(["hello", "processing_recipe", "events"], "verify")


@pytest.fixture
def path_of_queues(path: str) -> str:
    """A namespace of a test's own."""
    return "".join(char for char in path if char.isalnum())


async def test_a_user_who_is_not_let_in_is_told_without_the_password(
    rabbitmq: RabbitMQ, broker: str, tmp_path: Path
) -> None:
    where = f"--management=http://me:secret@{rabbitmq.host}:{rabbitmq.http_port}/"

    result = recado(tmp_path, broker, "topology", "plan", where)

    assert result.returncode == 2
    assert "does not let user 'me' in" in result.stderr
    assert "secret" not in result.stderr


async def test_a_configuration_of_zocalo_is_all_that_is_needed(
    rabbitmq: RabbitMQ, management: Management, path: str, tmp_path: Path
) -> None:
    login = "username: guest, password: guest"
    (tmp_path / "zocalo.yaml").write_text(
        "version: 1\n"
        f"a: {{plugin: pika, host: {rabbitmq.host}, port: {rabbitmq.port}, {login},"
        f" vhost: {json.dumps(path)}}}\n"
        "b: {plugin: rabbitmqapi,"
        f" base_url: 'http://{rabbitmq.host}:{rabbitmq.http_port}/api', {login}}}\n"
        "environments: {lab: [a, b]}\n"
    )
    zocalo = {"ZOCALO_CONFIG": "zocalo.yaml", "ZOCALO_DEFAULT_ENV": "lab"}

    direct = recado(tmp_path, "", "topology", "apply", "--yes", **zocalo)
    imported = recado(tmp_path, "", "config", "import", **zocalo)
    again = recado(tmp_path, "", "topology", "plan", "--exit-code")

    assert direct.returncode == 0, direct.stderr
    assert "dlq" in [queue.name for queue in await management.queues(path)]
    assert imported.returncode == 0, imported.stderr
    assert (again.returncode, again.stdout) == (0, ""), again.stderr
