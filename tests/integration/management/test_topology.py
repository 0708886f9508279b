"""A topology is planned, made, and then as it is wanted; on a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from structlog.testing import capture_logs

from recado.config import Settings
from recado.management import Management, Queue, User
from recado.transport.rabbitmq import RabbitTransport
from recado_cli.topology.applying import Consent, Outcome
from recado_cli.topology.planning import Action, Plan
from recado_cli.topology.site import connected_site
from tests.brokers import RabbitMQ

GROUPS = """
policies:
  - {{vhost: {vhost}, name: limit, pattern: "^work", definition: {{delivery-limit: 5}}}}
exchanges:
  - {{vhost: {vhost}, name: results, type: topic, durable: true}}
bindings:
  - {{vhost: {vhost}, source: results, destination: work, routing_key: "a.#"}}
groups:
  - names: [work, more]
    vhost: {vhost}
    bindings: ["", results]
    settings:
      queues: {{type: quorum, dead-letter-routing-key-pattern: "dlq.{{name}}"}}
  - names: [command]
    vhost: {vhost}
    settings: {{broadcast: true}}
"""

FEWER = """
policies: []
exchanges: []
groups:
  - {{vhost: {vhost}, names: [new]}}
  - names: [more]
    vhost: {vhost}
    settings:
      queues: {{type: quorum, dead-letter-routing-key-pattern: "dlq.{{name}}"}}
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A virtual host, and a topology's file for it."""

    settings: Settings
    file: Path
    vhost: str

    def write(self, text: str = GROUPS) -> None:
        self.file.write_text(text.format(vhost=json.dumps(self.vhost)))

    async def plan(self, *, own: bool = False, users: Path | None = None) -> Plan:
        file = None if own else self.file
        async with connected_site(self.settings, file, users) as site:
            return await site.plan()

    async def apply(
        self, consent: Consent | None = None, *, own: bool = False
    ) -> Outcome:
        async with connected_site(
            self.settings, None if own else self.file, None
        ) as site:
            return await site.apply(await site.plan(), consent or Consent())


@pytest.fixture
def site(rabbitmq: RabbitMQ, path: str, tmp_path: Path) -> Site:
    """The virtual host of a test, with a file that wants something there."""
    settings = Settings(
        broker=rabbitmq.url_with(quote(path, safe="")),
        management=f"http://{rabbitmq.login}@{rabbitmq.host}:{rabbitmq.http_port}/",
        plugins=("hello", "registry"),
    )
    site = Site(settings, tmp_path / "rabbitmq.yaml", path)
    site.write()
    return site


@pytest.fixture
async def channel(site: Site) -> AsyncGenerator[AbstractChannel]:
    """A channel as somebody has who knows nothing of recado."""
    async with await aio_pika.connect(site.settings.broker) as connection:
        yield await connection.channel()


async def send(channel: AbstractChannel, queue: str) -> None:
    message = aio_pika.Message(b"kept", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
    await channel.default_exchange.publish(message, queue)


def names(plan: Plan, *actions: Action) -> list[str]:
    return [step.thing.title for step in plan.of(*actions)]


async def test_what_a_file_wants_is_made_once_and_then_there_is_nothing_to_do(
    site: Site, management: Management
) -> None:
    outcome = await site.apply()

    assert (outcome.refused, outcome.left) == ([], [])
    assert (await site.plan()).steps == ()
    assert {queue.name for queue in await management.queues(site.vhost)} == {
        "work",
        "more",
        "dlq.work",
        "dlq.more",
    }


async def test_what_differs_is_changed_if_it_can_be(site: Site) -> None:
    await site.apply()
    site.write(GROUPS.replace("delivery-limit: 5", "delivery-limit: 6"))

    outcome = await site.apply()

    assert [step.action for step in outcome.done] == [Action.UPDATE]
    assert (await site.plan()).steps == ()


async def test_a_queue_that_differs_is_left_as_it_is(
    site: Site, channel: AbstractChannel
) -> None:
    await site.apply()
    await send(channel, "more")
    site.write(GROUPS.replace("type: quorum", "type: classic"))

    outcome = await site.apply(Consent(superfluous=True, nonempty=True))

    assert outcome.done == []
    assert {step.action for step in outcome.left} == {Action.REPLACE}
    assert (await channel.declare_queue("more", passive=True)).name == "more"


async def test_superfluous_things_stay_unless_somebody_agrees(
    site: Site, management: Management
) -> None:
    await site.apply()
    site.write("policies: []\nexchanges: []\ngroups: [{{vhost: {vhost}, names: []}}]")
    assert (await site.plan()).steps == (), "no virtual host is named by anything"
    site.write(FEWER)

    first = await site.apply()
    second = await site.apply(Consent(superfluous=True))

    assert [step.thing.title for step in first.done] == ["new"]
    assert {step.action for step in first.left} == {Action.DELETE}
    assert second.refused == []
    assert {queue.name for queue in await management.queues(site.vhost)} == {
        "more",
        "dlq.more",
        "new",
    }
    assert await management.policies(site.vhost) == []


@pytest.mark.parametrize("type_", ["classic", "quorum"])
async def test_a_queue_that_holds_messages_is_deleted_only_if_that_is_agreed_to(
    site: Site, management: Management, channel: AbstractChannel, type_: str
) -> None:
    old = Queue(vhost=site.vhost, name="old", arguments={"x-queue-type": type_})
    await management.put(old)
    await send(channel, "old")
    await site.apply()

    careful = await site.apply(Consent(superfluous=True))
    taken = await (await channel.get_queue("old")).get()
    await taken.nack(requeue=True)
    bold = await site.apply(Consent(superfluous=True, nonempty=True))

    ((refused, reason),) = careful.refused
    assert refused.thing.title == "old"
    assert "not empty" in reason or "it holds 1 message" in reason
    assert taken.body == b"kept"
    assert [step.thing.title for step in bold.done] == ["old"]


@pytest.mark.parametrize("type_", ["classic", "quorum"])
async def test_what_a_consumer_holds_keeps_its_queue_before_any_statistics_tell(
    site: Site, management: Management, channel: AbstractChannel, type_: str
) -> None:
    await site.apply()
    await management.put(
        Queue(vhost=site.vhost, name="old", arguments={"x-queue-type": type_})
    )
    held: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
    await (await channel.get_queue("old")).consume(held.put)
    await send(channel, "old")
    message = await held.get()

    outcome = await site.apply(Consent(superfluous=True))
    await message.ack()

    ((_, reason),) = outcome.refused
    assert "in use" in reason or "1 consumer" in reason


async def test_a_stream_and_a_queue_of_an_unknown_broker_are_never_held_to_be_empty(
    site: Site, management: Management
) -> None:
    await site.apply()
    for name, type_ in (("tape", "stream"), ("old", "quorum")):
        await management.put(
            Queue(vhost=site.vhost, name=name, arguments={"x-queue-type": type_})
        )
    blind = site.settings.model_copy(update={"broker": "sqlite:///none.db"})

    async with connected_site(blind, site.file, None) as there:
        outcome = await there.apply(await there.plan(), Consent(superfluous=True))

    reasons = {step.thing.title: reason for step, reason in outcome.refused}
    assert "is a stream" in reasons["tape"]
    assert "name it by --broker" in reasons["old"]
    assert len(await management.queues(site.vhost)) == 6


async def test_recados_own_queues_are_never_superfluous(site: Site) -> None:
    async with RabbitTransport(site.settings.broker) as transport:
        await transport.declare(["hello", "registry", "elsewhere"])
    await site.apply()

    assert names(await site.plan(), Action.DELETE) == ["elsewhere"]


async def test_a_refusal_is_told_and_what_comes_after_is_left(site: Site) -> None:
    site.write(GROUPS.replace("type: topic", "type: x-nobody-has-it"))

    outcome = await site.apply()

    assert [(step.thing.title, reason) for step, reason in outcome.refused] == [
        ("results", "unknown exchange type 'x-nobody-has-it'")
    ]
    assert {step.thing.kind for step in outcome.done} == {"policy", "exchange"}
    assert {step.thing.kind for step in outcome.left} == {"queue", "binding"}


async def test_users_are_made_changed_and_those_of_no_file_are_superfluous(
    site: Site, management: Management, tmp_path: Path
) -> None:
    folder = tmp_path / "users"
    folder.mkdir()
    name = f"user {site.vhost}"
    ini = "[rabbitmq]\nusername = {}\npassword = {}\ntags = {}\n"
    (folder / "a.ini").write_text(ini.format(name.replace("%", "%%"), "one", "a"))
    stranger = User(name=f"stranger {site.vhost}")
    await management.put(stranger)

    async def changes() -> list[tuple[str, str]]:
        plan = await site.plan(users=folder)
        return [
            (step.action.value, step.thing.title)
            for step in plan.steps
            if isinstance(step.thing, User) and site.vhost in step.thing.name
        ]

    async def done() -> None:
        for step in (await site.plan(users=folder)).steps:
            if isinstance(step.thing, User) and step.thing.name == name:
                await management.put(step.thing)

    try:
        assert await changes() == [("create", name), ("delete", stranger.name)]
        await done()
        assert await changes() == [("delete", stranger.name)]
        (folder / "a.ini").write_text(ini.format(name.replace("%", "%%"), "two", "a"))
        assert await changes() == [("update", name), ("delete", stranger.name)]
        await done()
        assert await changes() == [("delete", stranger.name)]
        everybody = (await site.plan(users=folder)).of(Action.DELETE)
        assert "guest" not in [step.thing.title for step in everybody]
    finally:
        await management.delete(stranger)
        await management.delete(User(name=name))


async def test_without_a_file_it_is_what_the_transport_declares(
    site: Site, management: Management
) -> None:
    async with RabbitTransport(site.settings.broker) as transport:
        await transport.declare(["hello", "registry", "events"])
        await transport.topology.add_topic("command")

    before = await site.plan(own=True)
    await site.apply(own=True)

    assert names(before, Action.CREATE) == ["transient.status"]
    assert (await site.plan(own=True)).steps == ()


async def test_what_it_makes_without_a_file_does_not_differ_for_the_transport(
    site: Site,
) -> None:
    outcome = await site.apply(own=True)

    with capture_logs() as logs:
        async with RabbitTransport(site.settings.broker) as transport:
            await transport.declare(["hello", "registry", "events"], "verify")
            await transport.declare(["hello", "registry", "events"])

    assert outcome.refused == []
    assert [log["event"] for log in logs] == []
