"""Stopping services by command, and sending what was stored, with processes that are real."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from recado.control import listening
from recado.message import Message, encode
from recado.schemas.dispatch import DISPATCHER_QUEUE
from recado.transport import make_transport
from recado_cli.stored import store
from tests.system.cli_process import PATIENCE_S, Up, run, start, up


def test_a_service_is_stopped_by_its_name_and_not_started_again(
    tmp_path: Path,
) -> None:
    with up(tmp_path, "--only", "hello,registry", "--scale", "hello=2") as suite:
        done = run(tmp_path, "shutdown", "-s", "HEL", "--json")
        ended = {suite.until_event("process.stopped")["instance"] for _ in range(2)}
        ready = [line for line in suite.log if line["event"] == "service.ready"]
        (registry,) = (it["instance"] for it in ready if it["service"] == "registry")
        late = run(tmp_path, "shutdown", registry, "--timeout", "0")
        suite.until_event("up.stopped")
        code = suite.process.wait(PATIENCE_S)

    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(it["service"], it["end"]) for it in lines] == [("hello", "ended")] * 2
    assert ended == {"hello.1", "hello.2"}
    assert late.returncode == 1
    assert f"1 of 1 instance not ended after 0 s: {registry}" in late.stderr
    assert code == 0


def test_a_command_may_be_sent_without_asking_who_is_there(tmp_path: Path) -> None:
    with up(tmp_path, "--only", "hello") as suite:
        (pid,) = suite.pids()
        done = run(tmp_path, "shutdown", "--no-wait", "-s", "nobody", "-s", "Hello")
        suite.until_event("process.stopped")

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "recado: 2 commands sent\n"
    assert pid


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with a broker on which a dispatcher has been."""
    (tmp_path / "state").mkdir()
    asyncio.run(_declare(tmp_path))
    return tmp_path


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/state/broker.db"


async def _declare(folder: Path) -> None:
    transport = make_transport(url(folder))
    await transport.open()
    await transport.declare([DISPATCHER_QUEUE])
    await transport.close()


def arrived(folder: Path) -> Counter[str]:
    """Return how often each request is in the dispatcher's queue."""

    async def browse() -> Counter[str]:
        transport = make_transport(url(folder))
        await transport.open()
        found = await transport.browse(DISPATCHER_QUEUE, limit=1000)
        await transport.close()
        return Counter(each.message.id for each in found)

    return asyncio.run(browse())


def stored(folder: Path, number: int) -> set[str]:
    """Store requests, and return their ids."""
    body = encode({"recipes": ["hello"], "parameters": {}})
    drop = folder / "state" / "drop"
    return {store(drop, Message(body, {})).name for _ in range(number)}


def test_several_pickups_at_once_send_no_request_twice(site: Path) -> None:
    ids = stored(site, 90)

    several = [start(site, "pickup") for _ in range(3)]
    codes = [each.wait(PATIENCE_S) for each in several]
    for each in several:
        each.communicate()

    assert codes == [0, 0, 0]
    assert arrived(site) == Counter(ids)
    assert not os.listdir(site / "state" / "drop")


def test_a_pickup_that_is_killed_loses_nothing(site: Path) -> None:
    ids = stored(site, 60)
    process = start(site, "pickup", "--delay", "0.001")
    assert process.stdout is not None
    for _ in range(20):
        process.stdout.readline()
    process.kill()
    process.communicate(timeout=PATIENCE_S)

    left = len(os.listdir(site / "state" / "drop"))
    done = run(site, "pickup")

    assert 0 < left < 60
    assert done.returncode == 0, done.stderr
    found = arrived(site)
    assert set(found) == ids
    # At most the one on its way went twice, and the dispatcher knows it by its id.
    assert found.total() <= 61


def test_a_watching_pickup_sends_what_is_stored_from_now_on(site: Path) -> None:
    process = start(site, "pickup", "--watch", "--json")
    assert process.stdout is not None
    assert process.stderr is not None
    assert "watching" in process.stderr.readline()

    first = stored(site, 1)
    assert json.loads(process.stdout.readline())["request"] in first
    (site / "state" / "drop" / "bad").write_text("{")
    assert "left in" in process.stderr.readline()
    second = stored(site, 1)
    assert json.loads(process.stdout.readline())["request"] in second
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 130
    assert err.startswith("recado: stopped: 2 sent, 1 still in")


async def _tag_of(folder: Path, instance: str) -> object:
    """Return the tag in an instance's heartbeats."""
    transport = make_transport(url(folder))
    await transport.open()
    async with asyncio.timeout(PATIENCE_S), listening(transport) as listener:
        while instance not in listener.heard:
            listener.changed.clear()
            await listener.changed.wait()
    await transport.close()
    return listener.heard[instance].beat.model_dump().get("tag")


def test_a_service_that_is_to_be_restarted_comes_back_with_its_tag(
    site: Path,
) -> None:
    flags = ("-r", "--tag", "blue", "--log-format", "json")
    process = start(site, "service", "-s", "HEL", *flags)
    alone = Up(process)
    first = str(alone.until_event("service.ready")["instance"])
    os.kill(int(first.rpartition(".")[2]), signal.SIGKILL)
    second = str(alone.until_event("service.ready")["instance"])

    tag = asyncio.run(_tag_of(site, second))
    code = alone.end(signal.SIGTERM)

    assert second != first
    assert tag == "blue"
    assert code == 0
