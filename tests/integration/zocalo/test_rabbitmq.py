"""RabbitMQ shared with Zocalo: its tools and a service of its kind beside recado's."""

from __future__ import annotations

import asyncio
import getpass
import importlib.metadata
import json
import socket
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

import pytest

from recado.clients.lookup import Lookup
from recado.heartbeat import host_name
from recado.message import Message, Outgoing
from recado.schemas.letters import LetterFilter
from tests.brokers import RabbitMQ
from tests.brokers.management import asked
from tests.integration.zocalo.command import recado
from tests.integration.zocalo.neighbour import Zocalo, handled
from tests.system.conducting import Conductor, recorded
from tests.system.fleet import Fleet, Member
from tests.transport.inbox import consuming, eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

TWICE: dict[str, Any] = {
    "1": {"queue": "shout", "output": 2},
    "2": {"queue": "shout"},
    "start": [[1, {"text": "{text}"}]],
}
THROUGH_THEIRS: dict[str, Any] = {
    "1": {"queue": "shout", "output": 2},
    "2": {
        "queue": "whisper",
        "transport-delay": 0.5,
        "reports": False,
        "output": [3, 4],
    },
    "3": {"queue": "shout"},
    "4": {"queue": "heard", "reports": False},
    "start": [[1, {"text": "{text}"}]],
}


async def test_go_starts_a_recipe_by_its_name(
    zocalo: Zocalo, ships: Fleet, conductor: Conductor
) -> None:
    zocalo.add_recipe("twice", TWICE)

    ran = await zocalo.go("-n", "-r", "twice", "-s", "text=Ho", guid="named")
    run = await conductor.finished("named")

    assert (ran.code, "Submitted." in ran.text) == (0, True), ran.text
    assert (run.state, run.handled, run.recipes) == ("done", 2, ["twice"])
    assert run.parameters == {"text": "Ho", "guid": "named"}
    starts = recorded(ships.state, "run.started")
    (started,) = (each for each in starts if each["parameters"]["guid"] == "named")
    assert (started["user"], started["host"]) == (
        getpass.getuser(),
        socket.gethostname(),
    )


async def test_go_starts_a_recipe_from_a_file_with_an_id_of_data(
    zocalo: Zocalo, conductor: Conductor, folder: Path
) -> None:
    file = folder / "mine.json"
    file.write_text(json.dumps(TWICE))

    ran = await zocalo.go("-f", str(file), "-s", "text=Hi", "527189", guid="filed")
    run = await conductor.finished("filed")

    assert ran.code == 0, ran.text
    assert (run.state, run.handled, run.recipes) == ("done", 2, [])
    assert run.parameters["ispyb_dcid"] == 527189


async def test_go_without_a_recipe_makes_one_dead_letter(
    zocalo: Zocalo, conductor: Conductor
) -> None:
    ran = await zocalo.go("-n", guid="empty")

    assert ran.code == 0, ran.text

    where = LetterFilter(queue="processing_recipe")

    async def is_told() -> bool:
        return bool((await conductor.letters.list(where)).letters)

    await eventually(is_told, "the request is a dead letter")
    (letter,) = (await conductor.letters.list(where)).letters
    assert letter.attempts == 1
    assert "no recipe at all" in letter.text


async def test_a_service_of_theirs_is_a_middle_step(
    zocalo: Zocalo, conductor: Conductor, whisper: Process
) -> None:
    zocalo.add_recipe("through", THROUGH_THEIRS)
    heard = await consuming(conductor.transport, "heard")

    await zocalo.go("-n", "-r", "through", "-s", "text=Ho", guid="through")
    last = await heard.next(30)
    await last.done()
    run = await handled(conductor, "through", 2)

    envelope = json.loads(last.message.body)
    assert envelope["payload"] == {"text": "ho"}
    assert envelope["recipe-path"] == [1, 2]
    assert envelope["environment"] == {"ID": "through"}
    assert (run.state, run.handled, run.sent) == ("done", 2, 2)
    assert {step.step for step in run.steps} == {1, 3}


async def test_the_registry_lists_a_service_of_theirs(
    conductor: Conductor, whisper: Process
) -> None:
    registry = Lookup(conductor.transport)

    async def is_listed() -> bool:
        return bool((await registry.services("Whisper")).instances)

    await eventually(is_listed, "it is known", within_s=30)
    (found,) = (await registry.services("Whisper")).instances

    assert found.instance.endswith(f".{whisper.pid}")
    assert found.beat["serviceclass"] == "Whisper"
    assert found.beat["zocalo"] == importlib.metadata.version("zocalo")


@pytest.mark.parametrize("named", ["by its service's name", "by its own"])
async def test_shutdown_stops_a_service_of_ours_which_finishes_its_work(
    zocalo: Zocalo, ships: Fleet, conductor: Conductor, named: str
) -> None:
    member = await ships.start("holder")
    await member.until_ready()
    held = ships.state / "held"
    run = "by-service" if named == "by its service's name" else "by-host"
    words = ("-s", "holder") if run == "by-service" else (instance(member),)
    zocalo.add_recipe("held", {"1": {"queue": "holder"}, "start": [[1, {}]]})

    async def is_at_work() -> bool:
        return held.exists()

    async def is_draining() -> bool:
        return any(entry["event"] == "service.draining" for entry in member.log)

    await zocalo.go("-n", "-r", "held", guid=run)
    await eventually(is_at_work, "it has the message")
    ran = await zocalo.run("shutdown", *words)
    await eventually(is_draining, "it has the command")
    held.unlink()
    code = await asyncio.wait_for(member.process.wait(), 20)
    shown = await conductor.finished(run)

    assert (ran.code, code) == (0, 0), ran.text
    assert (shown.state, shown.handled, shown.failed) == ("done", 1, 0)


async def test_dlq_check_counts_what_their_service_gave_up(
    zocalo: Zocalo,
    conductor: Conductor,
    whisper: Process,
    rabbitmq: RabbitMQ,
    part: str,
) -> None:
    before = await zocalo.run("dlq_check", "-n", part)

    await zocalo.go("-n", "-r", "through", "-s", "text=secret", guid="secret")

    async def is_counted() -> bool:
        queue = asked(rabbitmq, "GET", f"/queues/{part}/dlq.whisper")
        return bool(queue.get("messages") == 1)

    await eventually(is_counted, "its statistics are there", within_s=30)
    after = await zocalo.run("dlq_check", "-n", part)

    assert before.code == 0, before.text
    assert after.code == 1
    assert "DLQ for whisper contains 1 entries" in after.text


async def test_queue_drain_moves_recados_messages_with_their_headers(
    zocalo: Zocalo, conductor: Conductor
) -> None:
    transport = conductor.transport
    await transport.declare(["here", "there"])
    sent = [
        Message(b'{"number":%d}' % n, {"recado-id": f"id-{n}", "x-mine": "kept"})
        for n in range(20)
    ]
    await transport.publish([Outgoing("here", each) for each in sent])

    ran = await zocalo.run(
        "queue_drain", "here", "there", *("--wait", "0"), *("--stop", "1")
    )
    inbox = await consuming(transport, "there")
    moved = await inbox.take(20)
    left = await transport.depths(["here"])
    for each in moved:
        await each.done()

    assert ran.code == 0, ran.text
    assert left["here"].total == 0
    assert [json.loads(each.message.body) for each in moved] == [
        {"number": n} for n in range(20)
    ]
    for before, after in zip(sent, moved, strict=True):
        assert before.headers.items() <= after.message.headers.items()


async def test_jsonlines_of_theirs_writes_what_a_service_of_ours_sends(
    zocalo: Zocalo, conductor: Conductor, folder: Path
) -> None:
    file = folder / "shouted.jsonl"
    zocalo.add_recipe(
        "written",
        {
            "1": {"queue": "shout", "output": 2},
            "2": {
                "queue": "jsonlines",
                "parameters": {"output_filename": str(file)},
                "reports": False,
            },
            "start": [[1, {"text": "a"}], [1, {"text": "b"}]],
        },
    )

    async def is_written() -> bool:
        return file.exists() and len(file.read_text().splitlines()) == 2

    async with zocalo.serving("JSONLines"):
        await zocalo.go("-n", "-r", "written", guid="written")
        await eventually(is_written, "both are in the file", within_s=30)

    lines = map(json.loads, file.read_text().splitlines())
    assert sorted(line["text"] for line in lines) == ["A", "B"]
    assert (await conductor.finished("written")).state == "done"


async def test_pickup_of_theirs_sends_what_recado_go_stored(
    zocalo: Zocalo, ships: Fleet, conductor: Conductor
) -> None:
    stored = await recado(zocalo, ships, "go", "--drop", "twice", *guid("by-theirs"))
    assert len(list(zocalo.drop.iterdir())) == 1

    ran = await zocalo.run("pickup", *("--wait", "0"), *("--delay", "0"))
    run = await conductor.finished("by-theirs")

    assert (stored.returncode, ran.code) == (0, 0), stored.stderr + ran.text
    assert (run.state, run.recipes, run.handled) == ("done", ["twice"], 2)
    assert not list(zocalo.drop.iterdir())


async def test_recado_pickup_sends_what_go_of_theirs_stored(
    zocalo: Zocalo, ships: Fleet, conductor: Conductor
) -> None:
    stored = await zocalo.go(
        "--drop", "-n", "-r", "twice", "-s", "text=Ho", guid="by-recado"
    )
    assert len(list(zocalo.drop.iterdir())) == 1

    ran = await recado(zocalo, ships, "pickup", str(zocalo.drop))
    run = await conductor.finished("by-recado")

    assert (stored.code, ran.returncode) == (0, 0), stored.text + ran.stderr
    assert (run.state, run.recipes, run.handled) == ("done", ["twice"], 2)
    assert not list(zocalo.drop.iterdir())


async def test_recado_shutdown_sees_a_service_of_theirs_end(
    zocalo: Zocalo, ships: Fleet, conductor: Conductor
) -> None:
    registry = Lookup(conductor.transport)
    async with zocalo.serving("JSONLines") as process:
        name = f"{host_name().rpartition('.')[0]}.{process.pid}"

        async def is_listed() -> bool:
            found = await registry.services("JSON Lines")
            return name in {each.instance for each in found.instances}

        await eventually(is_listed, "it is known", within_s=30)
        ran = await recado(zocalo, ships, "shutdown", name, "--timeout", "20")
        await asyncio.wait_for(process.wait(), 10)

    assert ran.returncode == 0, ran.stderr


def guid(run: str) -> tuple[str, ...]:
    """Return the parameters of a request for a run of the given name."""
    return ("-s", "text=Ho", "-s", f"guid={run}")


def instance(member: Member) -> str:
    """Return the name of a process of ours, as its heartbeats have it."""
    return str(member.log[0]["instance"])
