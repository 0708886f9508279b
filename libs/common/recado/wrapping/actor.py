"""Actors: what does a job's work and tells of it, whoever has written the wrapper."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any, Protocol

from recado.wrapping.job import COMPLETED, FAILURE, STARTING, SUCCESS, Job
from recado.wrapping.wrapper import Wrapper


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
