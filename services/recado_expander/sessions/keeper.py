"""A session's keeper: takes what waits for the session together, round after round.

A round catches up with the stream first, so that no answer is older than its question.
What all commands add is one append, which expects the version that they were decided on; if
somebody else was faster, they are decided anew. Nobody waits for a lock of anybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from recado.errors import ConflictError
from recado.studies import StudyFolder
from recado_expander.sessions.errors import ContestedError
from recado_expander.sessions.events import event_id, fact_of, stream_of
from recado_expander.sessions.planning import Outcome, Plan, Wish
from recado_expander.sessions.questions import Question
from recado_expander.sessions.record import Record
from recado_expander.sessions.streams import Streams
from recado_expander.sessions.thinking import Thought, think
from recado_expander.sessions.watch import Watch
from recado_experiment.session import Fact
from recado_experiment.session.fact import CONFIGURED, OPENED

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

TRIES: Final = 100
"""How often others may be faster before a change is refused."""
_RECALLED: Final = 50
"""Facts of a request done before that are read at once; most have one."""

T = TypeVar("T")
W = TypeVar("W")


@dataclass(frozen=True, slots=True)
class Tools:
    """What every keeper works with."""

    streams: Streams
    folder: StudyFolder
    run: Callable[..., Awaitable[Any]]
    """Runs a function in a thread."""
    clock: Callable[[], float]
    log: FilteringBoundLogger


@dataclass(frozen=True, slots=True, eq=False)
class _Asked(Generic[W]):
    """What somebody waits for."""

    what: W
    answer: asyncio.Future[Any]

    def end(self, outcome: Outcome) -> None:
        if self.answer.done():
            return  # whoever asked has gone
        if outcome.error is None:
            self.answer.set_result(outcome.answer)
        else:
            self.answer.set_exception(outcome.error)


class Keeper:
    """Keeps one session, as far as it is known, and answers all that is asked of it."""

    def __init__(self, experiment: str, tools: Tools) -> None:
        log = tools.log.bind(experiment=experiment)
        self._experiment = experiment
        self._stream = stream_of(experiment)
        self._tools = tools
        self._log = log
        self._record = Record(experiment)
        self._watch = Watch(tools.folder, log)
        self._is_shared = False
        """Whether others moved the session since: then it is looked up before a command."""
        self._questions: list[_Asked[Question[Any]]] = []
        self._wishes: list[_Asked[Wish]] = []
        self._rounds: asyncio.Task[None] | None = None

    @property
    def size(self) -> int:
        """Roughly how many bytes of memory the session takes."""
        return self._record.size

    async def ask(self, question: Question[T]) -> T:
        """Return the answer to a question, as of now or later.

        Raises:
            UnknownExperimentError: for a session that nobody has opened.
            UnavailableError: if the event store does not answer.
            RecadoError: as the question does.
        """
        asked: _Asked[Question[Any]] = _Asked(question, _future())
        self._questions.append(asked)
        answer: T = await self._answer(asked)
        return answer

    async def do(self, wish: Wish) -> Any:
        """Return a command's answer once what it changes is on disk.

        Raises:
            UnknownExperimentError: for a session that nobody has opened.
            UnavailableError: if the event store does not answer.
            ContestedError: if others were faster time and again.
            RecadoError: as the command does; then nothing is changed.
        """
        asked = _Asked(wish, _future())
        self._wishes.append(asked)
        return await self._answer(asked)

    def close(self) -> None:
        """Work no more; whoever still waits is cancelled."""
        if self._rounds is not None:
            self._rounds.cancel()

    async def _answer(self, asked: _Asked[Any]) -> Any:
        if self._rounds is None or self._rounds.done():
            self._rounds = asyncio.create_task(self._go_round())
        return await asked.answer

    async def _go_round(self) -> None:
        while self._questions or self._wishes:
            questions, self._questions = self._questions, []
            wishes, self._wishes = self._wishes, []
            asked: list[_Asked[Any]] = [*questions, *wishes]
            try:
                await self._round(questions, wishes)
            # Whatever it is, it is told to those who wait, and the next round is another.
            except Exception as error:
                for each in asked:
                    each.end(Outcome(error=error))
            finally:
                for each in asked:
                    each.answer.cancel()

    async def _round(
        self, questions: Sequence[_Asked[Question[Any]]], wishes: Sequence[_Asked[Wish]]
    ) -> None:
        is_fresh = bool(questions) or self._is_shared or not self._record.version
        if is_fresh:
            await self._catch_up()
        for _ in range(TRIES):
            wishes = await self._left(wishes)
            thought = await self._think(questions, wishes)
            if not thought.is_configured:
                _end(questions, thought.answers)
                questions = ()
            # Without an append, nothing but a look says that the session is still so.
            if await self._append(thought.plan) if thought.plan.events else is_fresh:
                _end(questions, thought.answers)
                _end(wishes, thought.outcomes)
                return
            await self._catch_up()
            is_fresh = True
        raise ContestedError(
            f"experiment {self._experiment!r} was changed by others {TRIES} times "
            "meanwhile; ask again"
        )

    async def _think(
        self, questions: Sequence[_Asked[Question[Any]]], wishes: Sequence[_Asked[Wish]]
    ) -> Thought:
        thought: Thought = await self._tools.run(
            think,
            self._record,
            self._watch,
            self._tools.clock(),
            [each.what for each in questions],
            [each.what for each in wishes],
        )
        return thought

    async def _catch_up(self) -> None:
        known = self._record.version
        next_version: int | None = known + 1
        while next_version is not None:
            version = self._record.version
            page = await self._tools.streams.behind(self._stream, version)
            if page.version < version:
                # Somebody has put an older log back.
                self._record = Record(self._experiment)
                continue
            self._record.take(page.events)
            next_version = page.next_version
        self._is_shared = self._record.version != known

    async def _append(self, plan: Plan) -> bool:
        """Append what a plan adds; return whether it is so."""
        record, streams = self._record, self._tools.streams
        told = [*plan.events, *plan.listed]
        try:
            appended = await streams.append(told, {self._stream: record.version})
        except ConflictError:
            return False
        if not all(each.is_new for each in appended):
            # Done before, through another instance: what holds is what that one decided.
            return False
        record.go_on(plan.session, plan.events)
        self._tell(plan)
        return True

    async def _left(self, wishes: Sequence[_Asked[Wish]]) -> Sequence[_Asked[Wish]]:
        """Answer the wishes that were granted before, as they were; return the others."""
        left: list[_Asked[Wish]] = []
        for asked in wishes:
            version = self._record.done_at(asked.what.cause)
            if version is None:
                left.append(asked)
                continue
            facts = await self._facts(asked.what.cause, version)
            reply = asked.what.command.reply(facts, self._record.session)
            asked.end(Outcome(reply))
        return left

    async def _facts(self, cause: str, version: int) -> list[Fact]:
        """Return the facts that a request added, from a version on."""
        facts: list[Fact] = []
        next_version: int | None = version
        while next_version is not None:
            behind = next_version - 1
            page = await self._tools.streams.behind(self._stream, behind, _RECALLED)
            for event in page.events:
                if event.id != event_id(cause, self._experiment, len(facts)):
                    return facts
                facts.append(fact_of(event))
            next_version = page.next_version
        return facts

    def _tell(self, plan: Plan) -> None:
        for event in plan.events:
            if event.type == OPENED:
                self._log.info("experiment.opened", **event.data)
            elif event.type == CONFIGURED:
                study, sha256 = event.data["study"], event.data["sha256"]
                self._log.info("experiment.configured", study=study, sha256=sha256)


def _future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


def _end(asked: Sequence[_Asked[Any]], outcomes: Sequence[Outcome]) -> None:
    for each, outcome in zip(asked, outcomes, strict=False):
        each.end(outcome)
