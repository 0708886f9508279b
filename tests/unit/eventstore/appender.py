"""Appends events to a database until it is killed; prints each one that is on disk."""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from pathlib import Path

from recado.events import Event
from recado.ids import new_id
from recado_eventstore.sqlite import SqliteStore
from recado_eventstore.store import Append

_numbers = count()


async def append_for_ever(store: SqliteStore) -> None:
    while True:
        number = next(_numbers)
        told = Event(new_id(), f"stream-{number % 7}", "told", {"n": number})
        await store.append(Append.of([told]))
        print(number, flush=True)


async def main() -> None:
    store = SqliteStore(Path(sys.argv[1]))
    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(append_for_ever(store))


if __name__ == "__main__":
    asyncio.run(main())
