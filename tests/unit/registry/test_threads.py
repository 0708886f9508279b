"""Registries from several threads, with many keys, and how light they are."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from recado.registry import AlreadyRegisteredError, Registry

THREADS, KEYS = 8, 300


def test_of_many_threads_one_wins_each_key() -> None:
    numbers: Registry[int] = Registry("numbers")
    together = Barrier(THREADS)

    def race(thread: int) -> int:
        together.wait()
        return sum(wins(numbers, thread, str(key)) for key in range(KEYS))

    with ThreadPoolExecutor(THREADS) as pool:
        won = sum(pool.map(race, range(THREADS)))

    assert won == len(numbers) == KEYS


def wins(numbers: Registry[int], thread: int, key: str) -> bool:
    assert len(numbers.items()) <= KEYS
    try:
        numbers.register_prebuilt(thread, key)
    except AlreadyRegisteredError:
        return False
    return True


def test_lookups_from_many_threads_are_all_counted() -> None:
    numbers: Registry[int] = Registry("numbers")
    numbers.register_prebuilt(1, "one")
    together = Barrier(THREADS)

    def look(_: int) -> int:
        together.wait()
        return sum(numbers["one"] for _ in range(KEYS))

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(look, range(THREADS))) == THREADS * KEYS

    assert [times for _, times in numbers.called()] == [THREADS * KEYS]


def test_a_lookup_looks_at_one_key_however_many_there_are() -> None:
    compared: list[str] = []

    class Spy(str):
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            compared.append(str(self))
            return super().__eq__(other)

    numbers: Registry[int] = Registry("numbers")
    for key in range(2000):
        numbers.register_prebuilt(key, Spy(key))
    compared.clear()

    assert numbers["1999"] == 1999

    assert len(compared) <= 3


def test_importing_the_registry_loads_no_heavy_library() -> None:
    heavy = "{'pydantic', 'asyncio', 'structlog', 'click', 'rich', 'attrs'}"
    code = f"import sys, recado.registry; print({heavy} & set(sys.modules))"

    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert run.stdout == "set()\n"
