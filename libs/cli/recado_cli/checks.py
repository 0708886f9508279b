"""What ``recado doctor`` looks at: one check for each thing that may be wrong."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from recado.config import Settings, shown
from recado.discovery import broken_services, service_names
from recado.errors import ConfigError, RecadoError, RecipeError
from recado.recipe import RecipeFolder
from recado.transport import make_transport
from recado.transport.embedded.place import read_url
from recado_cli.samples import SAMPLES

Verdict: TypeAlias = Literal["fine", "warning", "wrong"]

PYTHON: Final = (3, 11)
SQLITE: Final = (3, 35, 0)
"""The first with RETURNING, which the embedded broker and the stores need."""
EPOCH: Final = 1_735_689_600.0
"""The beginning of 2025: a clock before it was never set."""
BROKER_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, and what to do if it is not fine."""

    check: str
    verdict: Verdict
    text: str
    remedy: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield what each check finds, one by one."""
    yield python_version(sys.version_info[:3])
    yield sqlite_version(sqlite3.sqlite_version_info)
    yield folder(settings.state)
    yield from broker(settings.broker)
    yield clock(time.time(), settings.state)
    yield from services(settings.plugins)
    yield from recipes(settings.recipes)


def python_version(version: Sequence[int]) -> Finding:
    """Check that Python is new enough."""
    text = ".".join(map(str, version))
    if tuple(version[:2]) < PYTHON:
        return Finding("python", "wrong", text, "use Python 3.11 or newer")
    return Finding("python", "fine", f"{text} at {sys.executable}")


def sqlite_version(version: Sequence[int]) -> Finding:
    """Check that SQLite is new enough."""
    text = ".".join(map(str, version))
    if tuple(version) < SQLITE:
        remedy = "use a Python that comes with SQLite 3.35 or newer"
        return Finding("sqlite", "wrong", text, remedy)
    return Finding("sqlite", "fine", text)


def folder(state: Path) -> Finding:
    """Check that the state folder can be written, or made."""
    there = state
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        return Finding(
            "state folder",
            "wrong",
            f"{there} is no folder",
            "name another with --state",
        )
    if not os.access(there, os.W_OK | os.X_OK):
        remedy = f"make {there} writable, or name another with --state"
        return Finding("state folder", "wrong", f"{there} cannot be written", remedy)
    note = "" if there == state else ", not made yet"
    return Finding("state folder", "fine", f"{state}{note}")


def broker(url: str) -> Iterator[Finding]:
    """Check that the broker can be reached; an embedded one may not be there yet."""
    try:
        place = read_url(url).path if url.startswith("sqlite:") else None
    except ConfigError as error:
        yield Finding("broker", "wrong", str(error), "name another with --broker")
        return
    if place is not None and not place.exists():
        text = f"{place} is not there yet"
        yield Finding("broker", "fine", f"{text}; 'recado up' makes it")
        return
    try:
        asyncio.run(_reach(url))
    except ConfigError as error:
        yield Finding("broker", "wrong", str(error), "name another with --broker")
    except (RecadoError, OSError, TimeoutError) as error:
        text = str(error) or f"{shown(url)} does not answer"
        yield Finding("broker", "wrong", text, "start it, or correct --broker")
    else:
        yield Finding("broker", "fine", f"{shown(url)} answers")


async def _reach(url: str) -> None:
    transport = make_transport(url)
    async with asyncio.timeout(BROKER_S):
        await transport.open()
    await transport.close()


def clock(now: float, state: Path) -> Finding:
    """Check that the clock was set, and did not go back behind what is on disk."""
    remedy = "set the clock, and keep it right, for example with NTP"
    if now < EPOCH:
        return Finding("clock", "wrong", "it was never set", remedy)
    files = [each for each in state.glob("*.db*") if each.is_file()]
    latest = max((each.stat().st_mtime for each in files), default=0.0)
    if latest > now + 5:
        text = f"{latest - now:.0f} s behind the newest file in {state}"
        return Finding("clock", "wrong", text, remedy)
    return Finding("clock", "fine", time.strftime("%Y-%m-%d %H:%M:%S %Z"))


def services(
    plugins: Sequence[str] | None,
    *,
    broken: Callable[[Sequence[str] | None], dict[str, str]] = broken_services,
) -> Iterator[Finding]:
    """Check that every service that is installed can be loaded."""
    reasons = broken(plugins)
    fine = [name for name in service_names(plugins) if name not in reasons]
    for reason in reasons.values():
        remedy = "repair or remove its package, or leave it out of 'plugins'"
        yield Finding("services", "wrong", reason, remedy)
    if fine:
        yield Finding("services", "fine", ", ".join(fine))
    elif not reasons:
        yield Finding("services", "wrong", "none", "install recado anew")


def recipes(path: Path) -> Iterator[Finding]:
    """Check that every recipe of the folder can be run."""
    found = RecipeFolder(path)
    if not path.is_dir():
        remedy = f"{SAMPLES}; or name another with --recipes"
        yield Finding("recipes", "warning", f"there is no folder {path}", remedy)
        return
    fine: list[str] = []
    for name in found.names():
        try:
            found.load(name)
        except RecipeError as error:
            remedy = (
                f"correct {path / name}.json; 'recado recipe check {name}' tells all"
            )
            yield Finding("recipes", "wrong", str(error), remedy)
        else:
            fine.append(name)
    yield Finding("recipes", "fine", f"{', '.join(fine) or 'none'} in {path}")
