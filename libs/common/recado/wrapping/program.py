"""The program around a job: its loop, its signals, and its exit code."""

from __future__ import annotations

import asyncio
import faulthandler
import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final

from recado.config import Settings
from recado.log import set_up_logging
from recado.transport import make_transport
from recado.wrapping.dumping import dump_threads
from recado.wrapping.ending import Stop
from recado.wrapping.order import Order
from recado.wrapping.wrap import Wrap

_STOPPING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run_job(order: Order, settings: Settings) -> int:
    """Run a job to its end, and return the process's exit code.

    Does not return if something of the broker's is stuck: nothing else ends such a thread.

    Raises:
        ConfigError: if a setting cannot be used; the job was not started then.
    """
    set_up_logging(settings.log_level, settings.log_format, stream=sys.stderr)
    with asyncio.Runner() as runner:
        code, is_stuck = runner.run(_run(order, settings))
        if is_stuck:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return code


async def _run(order: Order, settings: Settings) -> tuple[int, bool]:
    wrap = Wrap(order, settings, make_transport(settings.broker))
    with _signals(wrap):
        code = await wrap.run()
    return code, wrap.is_stuck


@contextmanager
def _signals(wrap: Wrap) -> Generator[None]:
    """Have signals end the job, and SIGUSR2 show where all threads are."""
    loop = asyncio.get_running_loop()
    # Who started us in the background, or with nohup, has had some of them ignored.
    taken = [each for each in _STOPPING if signal.getsignal(each) != signal.SIG_IGN]
    for number in taken:
        loop.add_signal_handler(number, partial(wrap.stop, Stop.by_signal(number)))
    loop.add_signal_handler(signal.SIGUSR2, wrap.dump)
    dump_threads(chain=True)
    try:
        yield
    finally:
        with suppress(OSError, ValueError):
            faulthandler.unregister(signal.SIGUSR2)
        for number in (*taken, signal.SIGUSR2):
            loop.remove_signal_handler(number)
