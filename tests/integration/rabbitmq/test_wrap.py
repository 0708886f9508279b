"""Long jobs beside a RabbitMQ that goes away and comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from recado.message import Message
from recado.transport import Delivery
from tests.brokers import RabbitMQ
from tests.integration.rabbitmq.conftest import REGISTERED_S, secure
from tests.system.wrapping import Site, ended, shell, until


async def taken(site: Site, queue: str, count: int) -> list[Message]:
    """Take a queue's messages until so many different ones have come."""
    found: dict[str, Message] = {}
    are_there = asyncio.Event()

    def deliver(deliveries: Sequence[Delivery]) -> None:
        for each in deliveries:
            found.setdefault(each.message.id, each.message)
        if len(found) >= count:
            are_there.set()

    async with site.broker() as transport:
        await transport.consume(queue, deliver)
        await asyncio.wait_for(are_there.wait(), 30)
    return list(found.values())


async def test_a_broker_that_is_killed_in_the_middle_of_a_job_costs_no_output(
    own: RabbitMQ, tmp_path: Path
) -> None:
    site = await Site(tmp_path, RECADO_BROKER=secure(own)).made()
    script = """
        echo '{"send": "updates", "payload": 1, "n": 1}' >&3; head -n 1 <&3
        while [ ! -e away ]; do sleep 0.05; done
        echo '{"send": "updates", "payload": 2, "n": 2}' >&3; head -n 1 <&3
    """

    await asyncio.sleep(REGISTERED_S)
    process = site.start("--grace-s", "60", *site.given(), *shell(script))
    await asyncio.to_thread(until, process, b'"n":1')
    await asyncio.to_thread(own.kill)
    (tmp_path / "away").touch()
    await asyncio.to_thread(until, process, b'"n":2')
    own.spawn()
    await asyncio.to_thread(own.await_ready)
    code, _, error = await asyncio.to_thread(ended, process)

    assert code == 0, error
    messages = await taken(site, "notes", 5)
    assert [json.loads(each.body)["payload"] for each in messages] == [
        "Starting processing",
        1,
        2,
        "Finished processing",
        "Finished processing",
    ]
    # The start, an event for each output and for each update, the end.
    reports = await taken(site, "events", 9)
    types = [
        event["type"] for each in reports for event in json.loads(each.body)["events"]
    ]
    assert types.count("message.handled") == 7
    assert (types[0], types[-2]) == ("job.started", "job.ended")
    assert site.left() == []
