"""The requests about sessions that a service answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias, TypeVar

from recado.ids import derived_id
from recado.message import Json
from recado.outbox import Outbox
from recado.schemas.experiments import (
    ABANDON_PARTICIPANT,
    ACTIVE,
    ADD_PARTICIPANT,
    ALL_CONFIGS,
    BLOCK_ID,
    BLOCKS_COUNT,
    CONFIG,
    CONFIGURE,
    EXPERIMENT_QUEUE,
    LIST,
    MOVE_ALL_TO_BLOCK,
    MOVE_TO_BLOCK,
    MOVE_TO_NEXT,
    NEW_PARTICIPANT,
    OPEN,
    SHOW,
    STATUS_STRING,
    SUMMARY_DATA,
    AboutRequest,
    ConfigureReply,
    ExperimentRequest,
    ListReply,
    ListRequest,
    MoveAllRequest,
    MovedReply,
    MoveToBlockRequest,
    OpenReply,
    OpenRequest,
    ParticipantRequest,
    ShowReply,
    ShowRequest,
    StudyRequest,
    SummaryReply,
)
from recado.service import answers
from recado.studies import Source, UnusableError
from recado_expander.sessions import commands, questions
from recado_expander.sessions.commands import Command
from recado_expander.sessions.desk import Desk
from recado_expander.sessions.questions import View
from recado_expander.sources import Sources

CONCURRENCY: Final = 100
"""What comes while a round is under way is the next one: the more, the fewer appends."""

Configs: TypeAlias = "list[dict[str, Json]]"

T = TypeVar("T")

_on = partial(answers, queue=EXPERIMENT_QUEUE, concurrency=CONCURRENCY)


class AnswersSessions:
    """Answers what is asked about sessions; for a service to inherit from."""

    sources: Sources
    desk: Desk

    @_on(OPEN, OpenRequest)
    async def open(self, request: OpenRequest, outbox: Outbox) -> OpenReply:
        """Begin a session."""
        command = commands.Open(request, await self._study(request))
        return await self._do(OPEN, request, command, outbox)

    @_on(CONFIGURE, StudyRequest)
    async def configure(self, request: StudyRequest, outbox: Outbox) -> ConfigureReply:
        """Have a session go by another study."""
        source = await self._study(request)
        command = commands.Configure(request.experiment, source)
        return await self._do(CONFIGURE, request, command, outbox)

    @_on(LIST, ListRequest)
    async def list(self, request: ListRequest, outbox: Outbox) -> ListReply:
        """Say which sessions there are."""
        return await self.desk.list(request)

    @_on(SHOW, ShowRequest)
    async def show(self, request: ShowRequest, outbox: Outbox) -> ShowReply:
        """Show a session, and where everybody stands."""
        return await self.desk.ask(
            request.experiment, lambda view: questions.show(view, request)
        )

    @_on(BLOCKS_COUNT, AboutRequest)
    async def blocks_count(self, request: AboutRequest, outbox: Outbox) -> int:
        """Say how many blocks a participant has."""
        return await self._ask(request, questions.blocks_count)

    @_on(BLOCK_ID, AboutRequest)
    async def block_id(self, request: AboutRequest, outbox: Outbox) -> int:
        """Say in which block a participant is."""
        return await self._ask(request, questions.block_id)

    @_on(ACTIVE, AboutRequest)
    async def active(self, request: AboutRequest, outbox: Outbox) -> bool:
        """Say whether a participant is in a block."""
        return await self._ask(request, questions.active)

    @_on(CONFIG, AboutRequest)
    async def config(self, request: AboutRequest, outbox: Outbox) -> dict[str, Json]:
        """Return the config of a participant's block."""
        return await self._ask(request, questions.config)

    @_on(ALL_CONFIGS, AboutRequest)
    async def all_configs(self, request: AboutRequest, outbox: Outbox) -> Configs:
        """Return the configs of all of a participant's blocks."""
        return await self._ask(request, questions.all_configs)

    @_on(SUMMARY_DATA, AboutRequest)
    async def summary_data(self, request: AboutRequest, outbox: Outbox) -> SummaryReply:
        """Say who a participant is, and how many blocks they have."""
        return await self._ask(request, questions.summary_data)

    @_on(STATUS_STRING, AboutRequest)
    async def status_string(self, request: AboutRequest, outbox: Outbox) -> str:
        """Say where a participant is, for people to read."""
        return await self._ask(request, questions.status_string)

    @_on(MOVE_TO_NEXT, AboutRequest)
    async def move_to_next(self, request: AboutRequest, outbox: Outbox) -> MovedReply:
        """Move a participant on."""
        command = commands.MoveToNext(request.participant)
        return await self._do(MOVE_TO_NEXT, request, command, outbox)

    @_on(MOVE_TO_BLOCK, MoveToBlockRequest)
    async def move_to_block(self, request: MoveToBlockRequest, outbox: Outbox) -> int:
        """Move a participant to a block."""
        command = commands.MoveToBlock(request.participant, request.block)
        return await self._do(MOVE_TO_BLOCK, request, command, outbox)

    @_on(MOVE_ALL_TO_BLOCK, MoveAllRequest)
    async def move_all_to_block(self, request: MoveAllRequest, outbox: Outbox) -> int:
        """Move everybody to a block."""
        command = commands.MoveAll(request.block)
        return await self._do(MOVE_ALL_TO_BLOCK, request, command, outbox)

    @_on(NEW_PARTICIPANT, ExperimentRequest)
    async def new_participant(self, request: ExperimentRequest, outbox: Outbox) -> int:
        """Add the participant whose turn it is."""
        command = commands.AddNext()
        return await self._do(NEW_PARTICIPANT, request, command, outbox)

    @_on(ADD_PARTICIPANT, ParticipantRequest)
    async def add_participant(
        self, request: ParticipantRequest, outbox: Outbox
    ) -> bool:
        """Add a participant."""
        command = commands.Add(request.participant)
        return await self._do(ADD_PARTICIPANT, request, command, outbox)

    @_on(ABANDON_PARTICIPANT, ParticipantRequest)
    async def abandon_participant(
        self, request: ParticipantRequest, outbox: Outbox
    ) -> bool:
        """Count a participant no more."""
        command = commands.Abandon(request.participant)
        return await self._do(ABANDON_PARTICIPANT, request, command, outbox)

    async def _ask(
        self, request: AboutRequest, question: Callable[[View, int | None], T]
    ) -> T:
        return await self.desk.ask(
            request.experiment, lambda view: question(view, request.participant)
        )

    async def _do(
        self,
        type_: str,
        request: ExperimentRequest,
        command: Command[T],
        outbox: Outbox,
    ) -> T:
        # Another request under the same id must not be told that it was done.
        said = request.model_dump(exclude_unset=True, exclude_none=True)
        cause = derived_id(outbox.cause, f"{type_} {said}")
        return await self.desk.do(request.experiment, command, cause)

    async def _study(self, request: StudyRequest) -> Source:
        """Return the study that a request names, or brings.

        Raises:
            NotFoundError: if there is none; with the nearest.
            UnusableError: if it is there, and cannot be read.
            RegistryAwayError: if no registry answers.
        """
        if request.study is None:
            return Source.of_text(str(request.text))
        try:
            return await self.sources.find(request.study)
        except OSError as error:
            text = f"study {request.study!r} cannot be read: {error.strerror}"
            raise UnusableError(text) from error
