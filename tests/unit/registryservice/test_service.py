"""The registry at work: heartbeats in, events and answers out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast

import pytest

from recado.clients.lookup import Lookup
from recado.config import Settings
from recado.errors import NotFoundError, RemoteError, SchemaError
from recado.heartbeat import STATUS_TOPIC
from recado.ids import new_id
from recado.message import ID, Message, Outgoing, encode
from recado.outbox import Outbox
from recado.schemas.registry import BEAT_LIMIT
from recado.service import hears
from recado.testing import Harness
from recado_registry.service import Registry


class Listener(Registry):
    """The registry, and a way to wait until it has heard something."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[str] = asyncio.Queue()

    @hears(STATUS_TOPIC)
    async def hear(self, message: Message, outbox: Outbox) -> None:
        try:
            await super().hear(message, outbox)
        finally:
            self.heard.put_nowait(message.id)


@pytest.fixture
async def h(tmp_path: Path) -> AsyncGenerator[Harness]:
    (tmp_path / "good.json").write_text('{"start": [[1, {}]], "1": {"queue": "a"}}')
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "reading@1.2.toml").write_text("one")
    (tmp_path / "strange.toml").write_bytes(b"\xff")
    async with Harness(Listener(), settings=Settings(recipes=tmp_path)) as harness:
        yield harness


async def _broadcast(h: Harness, value: object) -> None:
    message = Message(encode(value), {ID: new_id()})
    await h.transport.publish([Outgoing(STATUS_TOPIC, message, is_topic=True)])
    heard = cast("Listener", h.service).heard
    while await heard.get() != message.id:
        pass  # its own heartbeat
    await h.settle()


async def _beat(h: Harness, instance: str, status: int = 2) -> None:
    details = {"name": "expander", "started_at": 50.0}
    beat = {"host": instance, "status": status, "recado": details}
    await _broadcast(h, beat)


def _told(h: Harness) -> list[tuple[str, Any]]:
    """Return what was told of others than the registry itself."""
    return [
        (event.type, event.data["instance"])
        for event in h.events
        if event.data["service"] != "registry"
    ]


async def test_it_tells_who_comes_and_who_leaves(h: Harness) -> None:
    await _beat(h, "lab.1")
    await _beat(h, "lab.1")
    await _beat(h, "lab.1", status=6)

    assert _told(h) == [("instance.registered", "lab.1"), ("instance.left", "lab.1")]


async def test_it_hears_itself(h: Harness) -> None:
    await _beat(h, "lab.1")

    reply = await Lookup(h.transport).services("registry")

    assert [entry.instance for entry in reply.instances] == [h.runtime.instance]


@pytest.mark.parametrize(
    "beat",
    [
        "nonsense",
        [],
        {},
        {"host": "a b", "status": 1},
        {"host": "lab", "status": "idle"},
        {"host": "lab", "status": 1, "recado": 3},
        {"host": "lab", "status": 1, "tag": "x" * BEAT_LIMIT},
    ],
)
async def test_a_heartbeat_that_is_none_changes_nothing(
    h: Harness, beat: object
) -> None:
    await _broadcast(h, beat)
    await _beat(h, "lab.1")

    assert _told(h) == [("instance.registered", "lab.1")]


async def test_the_client_gets_who_is_alive_with_all_they_said(h: Harness) -> None:
    await _beat(h, "lab.1")
    h.clock.move_to(h.clock.now + 4)

    reply = await Lookup(h.transport).services("expander")

    (entry,) = reply.instances
    assert (entry.instance, entry.since, entry.age_s) == ("lab.1", 50.0, 4.0)
    assert entry.beat["recado"] == {"name": "expander", "started_at": 50.0}
    assert 0 < reply.complete_in_s <= 11


async def test_the_client_gets_recipes_also_those_with_problems(h: Harness) -> None:
    bad, good = (await Lookup(h.transport).recipes()).recipes

    assert (good.name, good.steps[0].queue) == ("good", "a")
    assert "not JSON" in bad.problems[0].text


async def test_the_client_finds_names(h: Harness) -> None:
    await _beat(h, "lab.1")
    lookup = Lookup(h.transport)

    service = await lookup.find("service", "expander")
    recipe = await lookup.find("recipe", "good")

    assert [entry.instance for entry in service.instances] == ["lab.1"]
    assert recipe.recipe is not None
    assert recipe.recipe.steps[0].id == 1


async def test_the_client_gets_studies(h: Harness) -> None:
    lookup = Lookup(h.transport)

    listed = (await lookup.studies()).studies
    study = await lookup.study("reading@1")
    again = await lookup.study("reading", known=study.digest, digest=study.digest)

    assert [entry.name for entry in listed] == ["reading@1.2", "strange"]
    assert (study.name, study.text) == ("reading@1.2", "one")
    assert (again.digest, again.text) == (study.digest, None)


async def test_the_client_is_told_that_a_study_can_never_be_read(h: Harness) -> None:
    with pytest.raises(RemoteError, match="'strange' is not UTF-8") as caught:
        await Lookup(h.transport).study("strange")

    assert caught.value.code == "unusable"


async def test_the_client_is_told_the_nearest_name(h: Harness) -> None:
    await _beat(h, "lab.1")
    lookup = Lookup(h.transport)

    with pytest.raises(NotFoundError, match="did you mean 'expander'"):
        await lookup.find("service", "expnader")
    with pytest.raises(NotFoundError, match="did you mean 'good'"):
        await lookup.find("recipe", "goood")
    with pytest.raises(NotFoundError, match=r"did you mean 'reading@1\.2'"):
        await lookup.study("raeding@1.2")


async def test_a_request_that_breaks_its_schema_is_refused(h: Harness) -> None:
    with pytest.raises(SchemaError) as caught:
        await h.ask("registry.lookup/1", {"kind": "animal"})

    assert {problem.path for problem in caught.value.problems} == {"kind", "name"}


async def test_heartbeats_say_how_many_are_alive(h: Harness) -> None:
    await _beat(h, "lab.1")

    status = h.service.status()

    assert json.loads(json.dumps(status)) == {"alive": 2, "refused": 0}
