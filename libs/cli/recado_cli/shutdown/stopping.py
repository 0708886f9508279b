"""Having instances end: told by command, and seen by their last heartbeats."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import Final, Literal, TypeAlias

import click

from recado.config import Settings
from recado.control import Listener, command, listening, shutdown_of
from recado.errors import NotFoundError
from recado.heartbeat import EXPIRES_S, Status
from recado_cli.failing import FailedError
from recado_cli.output import clean, count, print_line, talk
from recado_cli.session import connected
from recado_cli.shutdown.meant import NO_SERVICE, Meant, full_host, label, meant

End: TypeAlias = Literal["ended", "broken", "silent"]
_LOOK_S: Final = 1.0
"""How often to look whether the broker is there, as long as nothing is heard."""
TEXTS: Final[dict[End, str]] = {
    "ended": "has ended",
    "broken": "has ended with an error",
    "silent": "is not heard any more",
}


async def send_shutdown(
    settings: Settings, hosts: Sequence[str], services: Sequence[str]
) -> None:
    """Send the commands for names as they are, whomever they reach."""
    names = [None if it.lower() == NO_SERVICE else it for it in services]
    by_host = [it for host in full_hosts(hosts) for it in shutdown_of(host=host)]
    commands = [*by_host, *shutdown_of(services=names)]
    async with connected(settings) as transport:
        await command(transport, commands)
    talk(f"{count(len(commands), 'command')} sent")


async def stop(
    settings: Settings,
    hosts: Sequence[str],
    services: Sequence[str],
    *,
    timeout_s: float,
    as_json: bool,
) -> None:
    """Have instances end, all of them if none is named, and print each as it does.

    Raises:
        NotFoundError: with every name that nobody has; nobody is stopped then.
        FailedError: if one has not ended in time.
    """
    async with connected(settings) as transport, listening(transport) as listener:
        await listener.everybody(() if services else full_hosts(hosts))
        wanted = _wanted(listener, hosts, services)
        beats = {name: listener.heard[name].beat for name in wanted.instances}
        await command(transport, wanted.commands)
        talk(f"{count(len(beats), 'instance')} asked to end")
        left = set(beats)
        began = time.monotonic()
        try:
            async with asyncio.timeout(timeout_s):
                async for name, end in ends(listener, wanted.instances):
                    left.discard(name)
                    took = time.monotonic() - began
                    _print(name, label(beats[name]), end, took, as_json=as_json)
        except TimeoutError:
            raise FailedError(
                f"{len(left)} of {count(len(beats), 'instance')} not ended after "
                f"{timeout_s:g} s: {', '.join(sorted(left))}; they end once they have "
                "finished what they hold"
            ) from None


def full_hosts(hosts: Sequence[str]) -> list[str]:
    """Return instances' whole names."""
    here = socket.gethostname()
    return [full_host(each, here) for each in hosts]


def _wanted(listener: Listener, hosts: Sequence[str], services: Sequence[str]) -> Meant:
    present = {name: it.beat for name, it in listener.present.items()}
    if not (hosts or services):
        hosts = sorted(present)
    found = meant(hosts, services, present, socket.gethostname())
    if found.problems:
        raise NotFoundError("\n".join([*found.problems, "nobody is asked to end"]))
    if not found.instances:
        raise NotFoundError("nobody is there; 'recado status' tells who is")
    return found


async def ends(
    listener: Listener, names: Sequence[str]
) -> AsyncGenerator[tuple[str, End]]:
    """Yield how each instance ended, as it does.

    Who is not heard while the broker is away may well be there.
    """
    left = dict.fromkeys(names)
    deaf_at = -EXPIRES_S
    while True:
        listener.changed.clear()
        now = time.monotonic()
        if listener.is_deaf:
            deaf_at = now
        for name in list(left):
            heard = listener.heard[name]
            if heard.has_ended or now - max(heard.at, deaf_at) > EXPIRES_S:
                del left[name]
                yield name, _how(heard.beat.status, has_ended=heard.has_ended)
        if not left:
            return
        first = min(max(listener.heard[name].at, deaf_at) for name in left)
        with suppress(TimeoutError):
            async with asyncio.timeout(min(first + EXPIRES_S + 0.1 - now, _LOOK_S)):
                await listener.changed.wait()


def _how(status: int, *, has_ended: bool) -> End:
    if not has_ended:
        return "silent"
    return "broken" if status == Status.ERROR else "ended"


def _print(name: str, service: str, end: End, took_s: float, *, as_json: bool) -> None:
    if as_json:
        print_line(
            {"instance": name, "service": service, "end": end, "seconds": took_s}
        )
    else:
        click.echo(clean(f"{name} ({service}) {TEXTS[end]}, after {took_s:.1f} s"))
