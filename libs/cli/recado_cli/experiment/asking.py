"""Asking the expander about sessions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

from recado_cli.common import Common
from recado_cli.output import talk

if TYPE_CHECKING:
    from recado.clients.experiments import Experiments
    from recado.config import Settings

T = TypeVar("T")

PATIENCE_S: Final = 8.0
"""How long an answer is waited for: longer than the expander waits for the event store."""
UNAVAILABLE: Final = "unavailable"
"""The expander's code for an event store that does not answer."""


def asked(common: Common, request: Callable[[Experiments, str], Awaitable[T]]) -> T:
    """Return the answer to a request, which is given the client and an id of its own.

    Raises:
        AwayError: if no expander answers, or there never was one.
        RecadoError: if it refuses.
    """
    from recado_cli.session import wait_for

    return wait_for(_asked(common.settings(), request))


async def _asked(
    settings: Settings, request: Callable[[Experiments, str], Awaitable[T]]
) -> T:
    from recado.clients.experiments import Experiments
    from recado.errors import RemoteError, RequestTimeoutError
    from recado.ids import new_id
    from recado_cli.session import asking, connected

    async with connected(settings) as transport:
        with asking("expander", settings):
            experiments = Experiments(transport, timeout_s=PATIENCE_S)
            id_ = new_id()
            # Whoever was asked may have died over it, having done it or not. Asked again
            # by the same id, it is done once.
            try:
                return await request(experiments, id_)
            except RequestTimeoutError:
                talk("no answer; asking again")
            except RemoteError as error:
                if error.code != UNAVAILABLE:
                    raise
                talk(f"{error.text.partition(';')[0]}; asking again")
            return await request(experiments, id_)
