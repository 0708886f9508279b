"""``recado up``: all services, supervised, their logs merged."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import signal
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal, TextIO

import click

from recado_cli.common import Command, Common, option, pass_common, serving_options
from recado_cli.completing import service_names
from recado_cli.streams import hang_up

if TYPE_CHECKING:
    from recado.config import Settings
    from recado_cli.lines import Write
    from recado_cli.supervisor import Supervisor

CANCEL_S: Final = 2.0


@click.command(cls=Command)
@option(
    "--scale",
    multiple=True,
    metavar="NAME=N",
    help="How many instances of a service; may be repeated.",
)
@option(
    "--only",
    metavar="NAME,...",
    shell_complete=service_names,
    help="These services and no others.",
)
@serving_options
@pass_common
def up(common: Common, scale: tuple[str, ...], only: str | None) -> int:
    """Run all installed services, supervised, with their logs merged.

    An instance that ends is started again. Ctrl-C or SIGTERM drains all of them, a second
    one ends them at once. Exit code 3 means that something had to be put back.
    """
    from recado_cli.instances import scales

    wanted = scales(scale)
    settings = common.settings()
    from recado.discovery import service_names
    from recado_cli.instances import chosen

    counts = chosen(service_names(settings.plugins), only, wanted)
    return asyncio.run(_up(common, settings, counts))


async def _up(common: Common, settings: Settings, counts: Mapping[str, int]) -> int:
    from recado.config import shown
    from recado_cli.lines import Merged

    await look_at_broker(settings)
    supervisor = make_supervisor(
        common,
        settings,
        counts,
        Merged(
            sys.stdout,
            line_format(settings.log_format),
            width=max(map(len, counts)) + 2,
        ).write,
    )
    with alone(settings) as is_alone:
        supervisor.say("up.starting", broker=shown(settings.broker), services=counts)
        if not is_alone:
            supervisor.say(
                "up.shared",
                level="warning",
                state=str(settings.state),
                note="another 'recado up' runs here; the two share the work",
            )
        with drained_by_signals(supervisor):
            code = await supervisor.run()
    try:
        sys.stdout.flush()
    except OSError:
        # What is left of the log has nowhere to go; Python would complain at its end.
        hang_up()
    return code


def make_supervisor(
    common: Common, settings: Settings, counts: Mapping[str, int], write: Write
) -> Supervisor:
    """Return the supervisor of as many instances of each service as are wanted."""
    from recado_cli.instances import instances_of
    from recado_cli.supervisor import Supervisor

    variables = common.variables() | {"RECADO_LOG_FORMAT": "json"}
    variables.pop("RECADO_LOG_FORMAT_FILE", None)
    instances = instances_of(counts, settings.health_port)
    return Supervisor(instances, write, variables, grace_s=settings.grace_s)


async def look_at_broker(settings: Settings) -> None:
    """Make sure that the broker can be used at all, before seven processes say it.

    Raises:
        ConfigError: if it cannot; one that is only away is waited for by the services.
    """
    looking = asyncio.create_task(_open_and_close(settings.broker))
    try:
        await asyncio.shield(looking)
    except asyncio.CancelledError:
        # Its files are being made in a thread, which nothing interrupts.
        await asyncio.wait({looking}, timeout=CANCEL_S)
        raise


async def _open_and_close(broker: str) -> None:
    from recado.errors import DisconnectedError
    from recado.transport import make_transport

    transport = make_transport(broker)
    try:
        await transport.open()
    except DisconnectedError:
        return
    await transport.close()


@contextmanager
def drained_by_signals(supervisor: Supervisor) -> Generator[None]:
    """Have Ctrl-C and SIGTERM drain, as long as the block runs."""
    loop = asyncio.get_running_loop()
    numbers = [signal.SIGTERM, signal.SIGINT]
    # Under nohup it is ignored, and has to stay so.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, supervisor.stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


@contextmanager
def alone(settings: Settings) -> Generator[bool]:
    """Say whether this is the only supervisor on its broker and state folder.

    A second one does no harm: its instances share the work with those of the first.

    Raises:
        ConfigError: if nothing can be written to the state folder.
    """
    with _lock_file(settings) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _lock_file(settings: Settings) -> TextIO:
    from recado.errors import ConfigError

    digest = hashlib.sha256(settings.broker.encode()).hexdigest()[:12]
    try:
        settings.state.mkdir(parents=True, exist_ok=True)
        return (settings.state / f"up-{digest}.lock").open("w")
    except OSError as error:
        raise ConfigError(
            f"state folder {settings.state}: {error.strerror}; "
            "make it writable, or name another with --state"
        ) from error


def line_format(
    wanted: Literal["auto", "json", "console"],
) -> Literal["json", "console"]:
    """Return how merged lines look: they are for people, unless somebody wants JSON."""
    return "json" if wanted == "json" else "console"
