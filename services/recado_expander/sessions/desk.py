"""The desk where sessions are asked for: it has those at hand that were used last."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final, TypeVar
from weakref import WeakSet

from recado.errors import NotFoundError, SchemaError, nearest
from recado.schemas.experiments import ListReply, ListRequest
from recado_expander.recent import Recent
from recado_expander.sessions.commands import Command
from recado_expander.sessions.errors import UnavailableError, UnknownExperimentError
from recado_expander.sessions.index import Index
from recado_expander.sessions.keeper import Keeper, Tools
from recado_expander.sessions.planning import Wish
from recado_expander.sessions.questions import Question
from recado_expander.studies import problems_of
from recado_experiment import StudyError

MOST: Final = 200
ROOM: Final = 64 * 1024 * 1024

T = TypeVar("T")


class Desk:
    """Has a keeper for each session that was asked for lately; others read it anew."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._index = Index(tools.streams)
        self._keepers: Recent[str, Keeper] = Recent(MOST, ROOM)
        self._at_work: WeakSet[Keeper] = WeakSet()

    def __len__(self) -> int:
        return len(self._keepers)

    def close(self) -> None:
        """Let go of all sessions."""
        for keeper in self._at_work:
            keeper.close()

    async def ask(self, experiment: str, question: Question[T]) -> T:
        """Return the answer to a question about a session.

        Raises:
            NotFoundError: for a session that nobody has opened; with the nearest names.
            SchemaError: for a study that cannot be expanded for somebody.
            RecadoError: as :meth:`Keeper.ask` does.
        """
        keeper = self._keeper(experiment)
        return await self._answered(experiment, keeper, keeper.ask(question))

    async def do(self, experiment: str, command: Command[T], cause: str) -> T:
        """Return the answer to a command, once it is done.

        Raises:
            NotFoundError: for a session that nobody has opened; with the nearest names.
            SchemaError: for a study that cannot be used.
            RecadoError: as :meth:`Keeper.do` does.
        """
        keeper = self._keeper(experiment)
        doing = keeper.do(Wish(command, cause))
        answer: T = await self._answered(experiment, keeper, doing)
        return answer

    async def list(self, request: ListRequest) -> ListReply:
        """Return a page of sessions.

        Raises:
            UnavailableError: if the event store does not answer.
        """
        return await self._index.page(request)

    def _keeper(self, experiment: str) -> Keeper:
        keeper = self._keepers.get(experiment)
        if keeper is None:
            keeper = Keeper(experiment, self._tools)
            self._keepers.put(experiment, keeper, 0)
            self._at_work.add(keeper)
        return keeper

    async def _answered(
        self, experiment: str, keeper: Keeper, answer: Awaitable[T]
    ) -> T:
        try:
            return await answer
        except UnknownExperimentError as error:
            raise NotFoundError(f"{error}{await self._nearest(experiment)}") from error
        except StudyError as error:
            raise SchemaError(error.what, problems_of(error)) from error
        finally:
            # One that is larger than the room has all of it.
            self._keepers.put(experiment, keeper, min(keeper.size, ROOM))

    async def _nearest(self, experiment: str) -> str:
        try:
            return nearest(experiment, await self._index.names())
        except UnavailableError:
            return ""
