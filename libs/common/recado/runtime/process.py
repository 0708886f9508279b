"""A process that runs one service, as ``recado service`` starts it."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from typing import TYPE_CHECKING

from recado.errors import ConfigError
from recado.log import get_logger, set_up_logging
from recado.runtime.runtime import ExitCode, Runtime
from recado.runtime.signals import stopping_on_signals
from recado.service import Service

if TYPE_CHECKING:
    from recado.config import Settings


def run_service(service: type[Service], settings: Settings) -> int:
    """Run a service until a signal stops it; return the process's exit code.

    Does not return if a blocking handler is stuck: nothing else ends such a thread.
    """
    import uvloop

    # What is imported by now lives for ever: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    set_up_logging(settings.log_level, settings.log_format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code, is_stuck = runner.run(_run(service, settings))
        if is_stuck:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return code


async def _run(service: type[Service], settings: Settings) -> tuple[int, bool]:
    from recado.transport import make_transport

    try:
        transport = make_transport(settings.broker)
    except ConfigError as error:
        get_logger(service=service.service_name()).error(
            "service.broke", error=str(error)
        )
        return ExitCode.MISUSED, False
    runtime = Runtime(service(), transport, settings)
    with stopping_on_signals(runtime.stop):
        code = await runtime.run()
    return code, runtime.is_stuck
