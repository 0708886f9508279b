"""Calling a plug-in: off the event loop if it blocks, in time, and with a clear verdict."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import dataclass
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
class Caller:
    """Calls plug-ins; one that blocks runs in a thread that nobody else waits for."""

    threads: Threads
    timeout_s: float

    async def call(self, plugin: Plugin, *given: Any) -> Any:
        """Return what a plug-in returns.

        Raises:
            SchemaError, Reject: if it says that the request is wrong for good.
            RetryLater: as the plug-in raised it.
            PluginError: for anything else, or if it takes too long.
        """
        scope = asyncio.timeout(self.timeout_s)
        try:
            async with scope:
                return await self._called(plugin, given)
        except RetryLater:
            raise
        except Reject as error:
            raise Reject(f"{plugin.title}: {error.reason}") from error
        except ProblemsError as error:
            what = f"{plugin.title}: {error.what}"
            raise SchemaError(what, error.problems) from error
        # A plug-in that wants to end its program ends nothing here.
        except (Exception, SystemExit) as error:
            text = describe(error)[0]
            if isinstance(error, TimeoutError) and scope.expired():
                text = f"took longer than {self.timeout_s:g} s"
            elif plugin.kind == "filter" and isinstance(error, _FOR_GOOD):
                raise Reject(f"{plugin.title}: {text}") from error
            raise PluginError(f"{plugin.title}: {text}") from error

    async def _called(self, plugin: Plugin, given: tuple[Any, ...]) -> Any:
        if plugin.is_async:
            return await plugin.call(*given)
        result = await self.threads.run(plugin.call, *given)
        return await result if inspect.isawaitable(result) else result
