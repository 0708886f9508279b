"""Asking the expander about sessions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

from recado_cli.common import Common

if TYPE_CHECKING:
    from recado.clients.experiments import Experiments
    from recado.config import Settings

T = TypeVar("T")

PATIENCE_S: Final = 5.0
"""How long an answer is waited for, each of the two times."""


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
    from recado.errors import RequestTimeoutError
    from recado.ids import new_id
    from recado_cli.session import asking, connected

    async with connected(settings) as transport:
        with asking("expander", settings):
            experiments = Experiments(transport, timeout_s=PATIENCE_S)
            id_ = new_id()
            try:
                return await request(experiments, id_)
            # The expander may have died over it. Under one id it is done once.
            except RequestTimeoutError:
                return await request(experiments, id_)
