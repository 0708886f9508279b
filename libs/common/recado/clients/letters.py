"""A client of the dead-letter service: list, show and retry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recado.requests import ask
from recado.schemas.letters import (
    LIST,
    QUEUE,
    RETRY,
    SHOW,
    LetterDetail,
    LetterFilter,
    LetterPage,
    ListRequest,
    RetryReply,
    RetryRequest,
    ShowRequest,
)

if TYPE_CHECKING:
    from recado.transport.base import Transport


class Letters:
    """The dead letters, as the service that keeps them tells of them."""

    def __init__(
        self,
        transport: Transport,
        *,
        timeout_s: float = 5.0,
        retry_timeout_s: float = 30.0,
    ) -> None:
        self._transport = transport
        self._timeout_s = timeout_s
        self._retry_timeout_s = retry_timeout_s

    async def list(
        self,
        where: LetterFilter | None = None,
        *,
        limit: int = 50,
        before: int | None = None,
    ) -> LetterPage:
        """Return letters, the newest first; those that are dead if no filter says else."""
        request = ListRequest(where=where or LetterFilter(), limit=limit, before=before)
        return await ask(
            self._transport,
            QUEUE,
            LIST,
            request,
            model=LetterPage,
            timeout_s=self._timeout_s,
        )

    async def show(self, id_: str) -> LetterDetail:
        """Return everything about one letter; the beginning of its id will do.

        Raises:
            NotFoundError: if no letter's id begins so, or more than one does.
        """
        return await ask(
            self._transport,
            QUEUE,
            SHOW,
            ShowRequest(id=id_),
            model=LetterDetail,
            timeout_s=self._timeout_s,
        )

    async def retry(
        self,
        *ids: str,
        where: LetterFilter | None = None,
        to_queue: str | None = None,
    ) -> RetryReply:
        """Send letters back, by their ids or by a filter; say what became of each."""
        return await ask(
            self._transport,
            QUEUE,
            RETRY,
            RetryRequest(ids=ids, where=where, to_queue=to_queue),
            model=RetryReply,
            timeout_s=self._retry_timeout_s,
        )
