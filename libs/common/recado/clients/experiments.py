"""A client of sessions: one method for each request."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar

from pydantic import BaseModel, JsonValue

from recado.requests import ask
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
    PAGE_LIMIT,
    SHOW,
    STATUS_STRING,
    SUMMARY_DATA,
    Assignment,
    Config,
    Configs,
    ConfigureReply,
    ListReply,
    MovedReply,
    Number,
    OpenReply,
    ShowReply,
    SummaryReply,
    Text,
    Truth,
)

if TYPE_CHECKING:
    from recado.transport.base import Transport

M = TypeVar("M", bound=BaseModel)
ConfigList: TypeAlias = "list[dict[str, JsonValue]]"


class Experiments:
    """Asks for sessions, through a transport that is open.

    Where a participant may be left out, the session's default one is meant. What changes
    something takes ``id_``, the request's own id: whoever got no answer, and cannot know
    what was done, asks again with the same one. It is done once then, and answered as it
    was done.

    Raises:
        NotFoundError: for a session, a study or a registry's name that is not there.
        SchemaError: for a request or a study that cannot be used, with every problem.
        RemoteError: for anything else; ``code`` is ``unknown_participant``,
            ``out_of_range``, ``inactive``, ``already_open``, ``unusable``,
            ``unreadable``, ``contested``, ``registry_away``, or ``unavailable`` if the
            event store does not answer.
        RequestTimeoutError: if no expander answers in time.
    """

    def __init__(self, transport: Transport, *, timeout_s: float = 10.0) -> None:
        self._transport = transport
        self._timeout_s = timeout_s

    async def open(
        self,
        experiment: str,
        study: str | None = None,
        *,
        text: str | None = None,
        default_participant: int = 1,
        assignment: Assignment = "next",
        abandoned_after_s: float | None = None,
        id_: str | None = None,
    ) -> OpenReply:
        """Begin a session with a study, or its text; one that began so is left as it is."""
        given: dict[str, object] = {
            "study": study,
            "text": text,
            "default_participant": default_participant,
            "assignment": assignment,
            "abandoned_after_s": abandoned_after_s,
        }
        return await self._ask(OPEN, OpenReply, experiment, id_, **given)

    async def configure(
        self,
        experiment: str,
        study: str | None = None,
        *,
        text: str | None = None,
        id_: str | None = None,
    ) -> ConfigureReply:
        """Have a session go by another study, or text; everybody stays where they are."""
        given: dict[str, object] = {"study": study, "text": text}
        return await self._ask(CONFIGURE, ConfigureReply, experiment, id_, **given)

    async def list(self, after: str = "", *, limit: int = 100) -> ListReply:
        """Return a page of sessions, by name; the reply's ``next`` asks for more."""
        value = {"after": after, "limit": limit}
        return await self._said(LIST, ListReply, value)

    async def show(
        self, experiment: str, *, after: int = 0, limit: int = PAGE_LIMIT
    ) -> ShowReply:
        """Return a session and a page of its participants, by number."""
        return await self._ask(SHOW, ShowReply, experiment, after=after, limit=limit)

    async def blocks_count(
        self, experiment: str, participant: int | None = None
    ) -> int:
        """Return how many blocks a participant has."""
        reply = await self._ask(
            BLOCKS_COUNT, Number, experiment, participant=participant
        )
        return reply.root

    async def block_id(self, experiment: str, participant: int | None = None) -> int:
        """Return a participant's block; -1 before the first, their number at the end."""
        reply = await self._ask(BLOCK_ID, Number, experiment, participant=participant)
        return reply.root

    async def active(self, experiment: str, participant: int | None = None) -> bool:
        """Return whether a participant is in a block."""
        reply = await self._ask(ACTIVE, Truth, experiment, participant=participant)
        return reply.root

    async def config(
        self, experiment: str, participant: int | None = None
    ) -> dict[str, JsonValue]:
        """Return the config of the block that a participant is in."""
        reply = await self._ask(CONFIG, Config, experiment, participant=participant)
        return reply.root

    async def all_configs(
        self, experiment: str, participant: int | None = None
    ) -> ConfigList:
        """Return the configs of all of a participant's blocks."""
        reply = await self._ask(
            ALL_CONFIGS, Configs, experiment, participant=participant
        )
        return reply.root

    async def summary_data(
        self, experiment: str, participant: int | None = None
    ) -> SummaryReply:
        """Return a participant's number, and how many blocks they have."""
        return await self._ask(
            SUMMARY_DATA, SummaryReply, experiment, participant=participant
        )

    async def status_string(
        self, experiment: str, participant: int | None = None
    ) -> str:
        """Return where a participant is, in three lines for people to read."""
        reply = await self._ask(
            STATUS_STRING, Text, experiment, participant=participant
        )
        return reply.root

    async def move_to_next(
        self, experiment: str, participant: int | None = None, *, id_: str | None = None
    ) -> str:
        """Move a participant on; return the name of the block, or ``END``."""
        reply = await self._ask(
            MOVE_TO_NEXT, MovedReply, experiment, id_, participant=participant
        )
        return reply.name

    async def move_to_block(
        self,
        experiment: str,
        block: int,
        participant: int | None = None,
        *,
        id_: str | None = None,
    ) -> int:
        """Move a participant to a block, from 0; return it."""
        given = {"participant": participant, "block": block}
        reply = await self._ask(MOVE_TO_BLOCK, Number, experiment, id_, **given)
        return reply.root

    async def move_all_to_block(
        self, experiment: str, block: int, *, id_: str | None = None
    ) -> int:
        """Move everybody to a block that the default participant has; return it."""
        reply = await self._ask(MOVE_ALL_TO_BLOCK, Number, experiment, id_, block=block)
        return reply.root

    async def new_participant(self, experiment: str, *, id_: str | None = None) -> int:
        """Add the participant whose turn it is; return their number."""
        reply = await self._ask(NEW_PARTICIPANT, Number, experiment, id_)
        return reply.root

    async def add_participant(
        self, experiment: str, participant: int, *, id_: str | None = None
    ) -> bool:
        """Add a participant; return whether they were not there before."""
        reply = await self._ask(
            ADD_PARTICIPANT, Truth, experiment, id_, participant=participant
        )
        return reply.root

    async def abandon_participant(
        self, experiment: str, participant: int, *, id_: str | None = None
    ) -> bool:
        """Count a participant no more, until they move; return whether they counted."""
        reply = await self._ask(
            ABANDON_PARTICIPANT, Truth, experiment, id_, participant=participant
        )
        return reply.root

    async def _ask(
        self,
        type_: str,
        model: type[M],
        experiment: str,
        id_: str | None = None,
        **given: object,
    ) -> M:
        value = {"experiment": experiment, **given}
        return await self._said(type_, model, value, id_)

    async def _said(
        self, type_: str, model: type[M], value: object, id_: str | None = None
    ) -> M:
        return await ask(
            self._transport,
            EXPERIMENT_QUEUE,
            type_,
            value,
            model=model,
            timeout_s=self._timeout_s,
            id_=id_,
        )
