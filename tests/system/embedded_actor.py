"""A process with one part to play on an embedded broker: ``embedded_actor.py PART URL``.

It prints a line of JSON for everything that happens to it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from recado.errors import TransportError
from recado.log import set_up_logging
from recado.message import ID, Message, Outgoing
from recado.transport import Delivery, UnsettledError
from recado.transport.embedded import EmbeddedTransport
from recado.transport.embedded.store import Store


def tell(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


async def publish(transport: EmbeddedTransport, name: str) -> None:
    """Publish from many tasks at once, for ever; tell what was confirmed."""
    numbers = itertools.count()

    async def go_on() -> None:
        while True:
            names = [f"{name}-{next(numbers)}" for _ in range(5)]
            sent = [Outgoing("work", Message(b"{}", {ID: each})) for each in names]
            await transport.publish(sent)
            tell(names=names)

    await transport.declare(["work"])
    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(go_on())


async def hold(transport: EmbeddedTransport) -> None:
    """Stop in the middle of a transaction."""

    def stop(store: Store) -> None:
        store.publish([Outgoing("work", Message(b"{}", {ID: "half"}))])
        tell(writing=True)
        # To this thread: another one could take it while this one goes on and commits.
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

    await transport.do(stop)


async def serve(transport: EmbeddedTransport) -> None:
    """Consume, subscribe and ask; end a first attempt only when it hears of news."""
    tasks: set[asyncio.Task[None]] = set()
    held: list[Delivery] = []

    def deliver(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            delivery.began()
            tell(got=delivery.message.id, attempt=delivery.attempt)
            if delivery.message.id == "ask":
                tasks.add(asyncio.create_task(ask(delivery)))
            elif delivery.attempt > 1:
                tasks.add(asyncio.create_task(end(delivery)))
            else:
                held.append(delivery)

    async def ask(delivery: Delivery) -> None:
        reply = await transport.request("asked", Message(b"?", {ID: "question"}))
        tell(reply=reply.body.decode())
        await delivery.done()

    def hear(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            told = [Outgoing("told", delivery.message)]
            tasks.add(asyncio.create_task(delivery.done(told)))
        while held:
            tasks.add(asyncio.create_task(end(held.pop())))

    async def end(delivery: Delivery) -> None:
        try:
            await delivery.done()
        except UnsettledError:
            tell(stale=delivery.message.id)
        else:
            tell(done=delivery.message.id)

    await transport.declare(["work"])
    await transport.subscribe("news", hear)
    await transport.consume("work", deliver)
    tell(ready=True)
    await asyncio.Event().wait()


async def parent(transport: EmbeddedTransport) -> None:
    """Start a program for a message, as a handler does."""

    def deliver(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            delivery.began()
            child = subprocess.Popen(["sleep", "60"], start_new_session=True)
            tell(child=child.pid)

    await transport.declare(["work"])
    await transport.consume("work", deliver)
    await asyncio.Event().wait()


async def one(transport: EmbeddedTransport) -> None:
    """Take one at a time, and tell how late each came; never end the busy ones."""
    tasks: set[asyncio.Task[None]] = set()

    def deliver(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            sent = float(delivery.message.headers.get("at", "0"))
            tell(late=time.monotonic() - sent)
            if sent:
                tasks.add(asyncio.create_task(delivery.done()))

    await transport.declare(["work"])
    await transport.consume("work", deliver, prefetch=1)
    tell(ready=True)
    await asyncio.Event().wait()


PARTS: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {
    part.__name__: part for part in (publish, hold, serve, parent, one)
}


async def main(part: str, url: str, *words: str) -> None:
    set_up_logging(stream=sys.stderr)
    if part == "open":
        transport = EmbeddedTransport(url)
        await asyncio.sleep(float(words[0]) - time.time())
        async with transport:
            await transport.declare(["work"])
        return
    async with EmbeddedTransport(url) as transport:
        await PARTS[part](transport, *words)


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:]))
    except TransportError as error:
        sys.exit(str(error))
