"""``recado demo``: the whole suite at work on a sample study, and what came of it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from recado_cli.common import Command, Common, option, pass_common, relative
from recado_cli.output import print_json, talk

if TYPE_CHECKING:
    from recado.config import Settings
    from recado_cli.rehearsing import Outcome

FOLDER: Final = ".demo"


@click.command(cls=Command)
@option(
    "--timeout", type=float, default=60.0, show_default=True, help="Seconds at most."
)
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def demo(common: Common, timeout: float, as_json: bool) -> int:
    """Run a study from start to end, and show what happened.

    Starts the services in a folder of its own, expands a study for 24 participants, one
    of whom is away, and drains. The exit code is 0 if exactly that happened. --broker and
    --state choose other places; settings from elsewhere do not count.
    """
    with _folder(common.flags.get("state")) as state:
        own = _own(common, state)
        talk(f"starting the suite in {relative(state)}")
        outcome = asyncio.run(_demo(own, own.settings(), timeout, state))
        if as_json:
            print_json(outcome)
        else:
            for line in outcome.lines():
                click.echo(line)
        for problem in outcome.problems:
            talk(f"not as expected: {problem}")
        if outcome.problems:
            from recado_cli.failing import FailedError

            raise FailedError(f"the demo went wrong; {state / 'demo.log'} tells how")
    return 0


async def _demo(
    common: Common, settings: Settings, timeout: float, state: Path
) -> Outcome:
    from recado_cli.rehearsing import rehearse

    with (state / "demo.log").open("w", encoding="utf-8") as log:
        return await rehearse(common, settings, log, timeout)


def _own(common: Common, state: Path) -> Common:
    """Return settings of the demo's own, whatever variables and files say."""
    from recado_cli.samples import recipe_folder

    flags: dict[str, object] = {
        "state": state,
        "recipes": recipe_folder(),
        "broker": f"sqlite:///{state}/broker.db",
        "store": f"sqlite:///{state}/events.db",
        "topology": "declare",
        "grace_s": 10.0,
        "health_port": 0,
        "log_level": "info",
    }
    return Common(flags | common.flags | {"state": state}, common.environment)


@contextmanager
def _folder(given: object) -> Generator[Path]:
    """Give a folder that no other demo has; one that was not named goes in the end.

    After a failure it stays, since its log tells what happened.
    """
    if given is not None:
        path = Path(str(given)).absolute()
        path.mkdir(parents=True, exist_ok=True)
        yield path
        return
    from recado.errors import ConfigError

    parent = Path(FOLDER).absolute()
    parent.mkdir(exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
    try:
        yield path
    except (KeyboardInterrupt, ConfigError):
        _remove(path)
        raise
    _remove(path)


def _remove(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
    # Others may be at work beside it.
    with suppress(OSError):
        path.parent.rmdir()
