"""Runs a wrapper: the program of a job's process, which ``recado wrap`` starts."""

from __future__ import annotations

import asyncio
import inspect
import signal
import sys
from typing import TYPE_CHECKING, Any, Protocol

from recado.errors import ConfigError
from recado.letter import cleaned, describe
from recado.log import get_logger, set_up_logging
from recado.wrapping.dumping import dump_threads
from recado.wrapping.finding import load
from recado.wrapping.job import COMPLETED, FAILURE, STARTING, SUCCESS, Job
from recado.wrapping.line import HungUpError, Line
from recado.wrapping.wrapper import Wrapper

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class Actor(Protocol):
    """What does the work and tells of it: an instance of Zocalo's, or one of ours."""

    def prepare(self, payload: Any) -> object: ...
    def run(self) -> object: ...
    def success(self, payload: Any) -> object: ...
    def failure(self, payload: Any) -> object: ...
    def done(self, payload: Any) -> object: ...


class Own:
    """A wrapper of ours at work."""

    def __init__(self, wrapper: Wrapper, job: Job) -> None:
        self._wrapper = wrapper
        self._job = job

    def prepare(self, payload: Any) -> None:
        """Tell that the work begins."""
        self._job.send_to(STARTING, payload)

    def run(self) -> bool:
        """Do the work; no answer is a good one."""
        outcome = self._wrapper.run(self._job)
        if inspect.isawaitable(outcome):
            outcome = asyncio.run(_awaited(outcome))
        return outcome is None or bool(outcome)

    def success(self, payload: Any) -> None:
        """Tell that it went well."""
        self._job.send_to(SUCCESS, payload)

    def failure(self, payload: Any) -> None:
        """Tell that it did not, and why, in words."""
        self._job.send_to(FAILURE, str(payload))

    def done(self, payload: Any) -> None:
        """Tell that it is over."""
        self._job.send_to(COMPLETED, payload)


async def _awaited(outcome: Any) -> Any:
    return await outcome


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
