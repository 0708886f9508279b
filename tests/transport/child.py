"""A process of its own that holds messages, so that a test can kill or stop it.

It prints a line of JSON for each delivery that it gets, and one for each command it was
given on standard in: ``begin ID`` and ``done``.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence

from recado.errors import TransportError
from recado.log import set_up_logging
from recado.transport import (
    Delivery,
    Settlement,
    Transport,
    UnsettledError,
    Verdict,
    make_transport,
)


def tell(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


async def main(url: str, queue: str, prefetch: int) -> None:
    held: dict[str, Delivery] = {}

    def deliver(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            held[delivery.message.id] = delivery
            tell(id=delivery.message.id, attempt=delivery.attempt)

    set_up_logging(stream=sys.stderr)
    transport = make_transport(url)
    await transport.open()
    await transport.consume(queue, deliver, prefetch=prefetch)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command, _, id_ = line.strip().partition(" ")
        if command == "begin":
            held[id_].began()
            tell(began=id_)
        else:
            tell(stale=await finish(transport, list(held.values())))
    await transport.close()


async def finish(transport: Transport, deliveries: Sequence[Delivery]) -> list[str]:
    """Settle everything at once; return what was not this process's any more."""
    try:
        await transport.settle([Settlement(it, Verdict.DONE) for it in deliveries])
    except UnsettledError as error:
        return [delivery.message.id for delivery in error.stale]
    except TransportError as error:
        return [repr(error)]
    return []


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
