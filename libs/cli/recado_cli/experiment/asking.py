"""Asking the expander about sessions, and having it change them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from recado_cli.common import Common
from recado_cli.output import talk

if TYPE_CHECKING:
    from recado.clients.experiments import Experiments
    from recado.config import Settings
    from recado.errors import RecadoError

T = TypeVar("T")

PATIENCE_S: Final = 8.0
"""How long an answer is waited for: longer than the expander waits for the event store."""
UNAVAILABLE: Final = "unavailable"
"""The expander's code for an event store that does not answer."""


def asked(common: Common, question: Callable[[Experiments], Awaitable[T]]) -> T:
    """Return the answer to a question.

    Raises:
        AwayError: if no expander answers, or there never was one.
        RecadoError: if it refuses.
    """
    from recado_cli.session import wait_for

    return wait_for(_answered(common.settings(), question))


def done(common: Common, change: Callable[[Experiments, str], Awaitable[T]]) -> T:
    """Return the answer to a request that changes something, and has the id it is given.

    Raises:
        AwayError: if no expander answers, or there never was one.
        RecadoError: if it refuses.
    """
    return asked(common, partial(_twice, change))


async def _twice(
    change: Callable[[Experiments, str], Awaitable[T]], experiments: Experiments
) -> T:
    """Ask again if it is left open whether it was done: by the same id it is done once."""
    from recado.errors import RecadoError
    from recado.ids import new_id

    id_ = new_id()
    try:
        return await change(experiments, id_)
    except RecadoError as error:
        if (why := _left_open(error)) is None:
            raise
        talk(f"{why}; asking again")
    try:
        return await change(experiments, id_)
    except RecadoError as error:
        if _left_open(error) is not None:
            talk("it may be done all the same: 'recado experiment show' tells")
        raise


def _left_open(error: RecadoError) -> str | None:
    """Return why nobody knows whether it was done; None if it was not."""
    from recado.errors import RemoteError, RequestTimeoutError

    if isinstance(error, RequestTimeoutError):
        return "no answer"
    if isinstance(error, RemoteError) and error.code == UNAVAILABLE:
        return error.text.partition(";")[0]
    return None


async def _answered(
    settings: Settings, question: Callable[[Experiments], Awaitable[T]]
) -> T:
    from recado.clients.experiments import Experiments
    from recado_cli.session import asking, connected

    async with connected(settings) as transport:
        with asking("expander", settings):
            return await question(Experiments(transport, timeout_s=PATIENCE_S))
