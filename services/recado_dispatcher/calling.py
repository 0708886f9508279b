"""Calling a plug-in: off the event loop if it blocks, in time, and with a clear verdict."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import dataclass, field
from typing import Any, Final

from recado.errors import NotFoundError, ProblemsError, RecadoError, SchemaError
from recado.letter import describe
from recado.retry import Reject, RetryLater
from recado.runtime.threads import Threads
from recado_dispatcher.plugins import Plugin

_FOR_GOOD: Final = (ValueError, KeyError, TypeError, NotFoundError)
"""What a filter raises if it is the request that is wrong; anything else may pass."""


class PluginError(RecadoError):
    """Raised when a plug-in failed in a way that may pass; the request is tried again."""


@dataclass(frozen=True, slots=True)
class _Raised:
    error: BaseException


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls plug-ins; one that blocks runs in a thread that nobody else waits for."""

    threads: Threads
    timeout_s: float
    _left: set[asyncio.Task[Any]] = field(default_factory=set[asyncio.Task[Any]])
    """Calls that are at work, those included that nobody waits for any more."""

    async def call(self, plugin: Plugin, *given: Any) -> Any:
        """Return what a plug-in returns: a request, or whether it is ready.

        Raises:
            SchemaError, Reject: if it says that the request is wrong for good.
            RetryLater: as the plug-in raised it.
            PluginError: for anything else, or if it takes too long.
        """
        outcome = await self._outcome(plugin, given)
        if not isinstance(outcome, _Raised):
            return outcome
        error = outcome.error
        if isinstance(error, RetryLater):
            raise RetryLater(error.after_s, f"{plugin.title}: {error}") from error
        if isinstance(error, Reject):
            raise Reject(f"{plugin.title}: {error.reason}") from error
        if isinstance(error, ProblemsError):
            what = f"{plugin.title}: {error.what}"
            raise SchemaError(what, error.problems) from error
        text = f"{plugin.title}: {describe(error)[0]}"
        if plugin.kind == "filter" and isinstance(error, _FOR_GOOD):
            raise Reject(text) from error
        raise PluginError(text) from error

    async def _outcome(self, plugin: Plugin, given: tuple[Any, ...]) -> Any:
        # A task of its own: a plug-in may cancel its task, or not let it be cancelled.
        task = asyncio.create_task(_called(plugin, given, self.threads))
        self._left.add(task)
        task.add_done_callback(self._left.discard)
        try:
            done, _ = await asyncio.wait({task}, timeout=self.timeout_s)
        finally:
            task.cancel()
        if not done:
            raise PluginError(f"{plugin.title}: took longer than {self.timeout_s:g} s")
        return task.result()


async def _called(plugin: Plugin, given: tuple[Any, ...], threads: Threads) -> Any:
    try:
        if plugin.is_async:
            result = await plugin.call(*given)
        else:
            result = await threads.run(plugin.call, *given)
            result = await result if inspect.isawaitable(result) else result
        # Here, since whether something is true may be a question that fails.
        return bool(result) if plugin.kind == "ready check" else result
    # A plug-in may raise anything; one that wants to end its program ends nothing here.
    except BaseException as error:
        return _Raised(error)
