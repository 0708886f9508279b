"""Runs a wrapper: the program of a job's process, which ``recado wrap`` starts."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any

from recado.errors import ConfigError
from recado.letter import cleaned, describe
from recado.log import get_logger, set_up_logging
from recado.wrapping.actor import Actor, Own
from recado.wrapping.dumping import dump_threads
from recado.wrapping.finding import load
from recado.wrapping.job import Job
from recado.wrapping.line import HungUpError, Line
from recado.wrapping.wrapper import Wrapper

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


def main() -> int:
    """Run the wrapper that is named on the line; return the exit code."""
    dump_threads()
    signal.signal(signal.SIGTERM, _end)
    line = Line.inherited()
    first = line.heard()
    set_up_logging(first["log_level"], first["log_format"], "wrap", stream=sys.stderr)
    log = get_logger(wrapper=first["wrapper"])
    job = Job(line, first["document"], first["task"])
    job.task = first["task"]
    is_done, text = _done(first["wrapper"], job, log)
    line.say(ended=is_done, text=text)
    return 0 if is_done else 1


def _done(name: str, job: Job, log: FilteringBoundLogger) -> tuple[bool, str]:
    actor: Actor | None = None
    try:
        actor = _actor(load(name), job)
        actor.prepare("Starting processing")
        is_done = bool(actor.run())
        if is_done:
            actor.success("Finished processing")
        else:
            actor.failure("Processing failed")
        text = "" if is_done else "Processing failed"
    except HungUpError:
        # Nobody is there who could be told.
        raise
    # Whatever a wrapper raises, its failure is told; an exit is none of its business.
    except BaseException as error:
        log.error("wrapper.failed", error=describe(error)[0], exc_info=True)
        is_done, text = False, cleaned(str(error)) or type(error).__name__
        (actor or Own(Wrapper(), job)).failure(text)
    (actor or Own(Wrapper(), job)).done("Finished processing")
    return is_done, text


def _actor(found: Any, job: Job) -> Actor:
    if not isinstance(found, type):
        raise ConfigError(f"a wrapper is a class, not {found!r:.200}")
    if issubclass(found, Wrapper):
        return Own(found(), job)
    from recado.wrapping.zocalo import actor

    return actor(found, job)


def _end(number: int, frame: object) -> None:
    """Unwind, so that what the wrapper has to tidy up is tidied up."""
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(f"ended by {signal.Signals(number).name}")


if __name__ == "__main__":
    sys.exit(main())
