"""A session asks and is answered, or not; and who asks may go meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator

import pytest

from recado.errors import DisconnectedError
from recado.transport.address import read_address
from recado.transport.rabbitmq import session as module
from recado.transport.rabbitmq.session import LostError, Session, UnansweredError


class Question:
    """Something that is asked, and never answered."""

    def __init__(self) -> None:
        self.task: asyncio.Task[object] | None = None
        self.is_asked = asyncio.Event()

    async def ask(self) -> None:
        self.task = asyncio.current_task()
        self.is_asked.set()
        await asyncio.Event().wait()

    def lose(self) -> None:
        """End it as a library does that has lost its connection."""
        assert self.task is not None
        self.task.cancel()


@pytest.fixture
async def session() -> Session:
    address = read_address(
        "amqp://127.0.0.1:1", port=5672, secure_port=5671, options={}
    )
    return Session(address, "127.0.0.1", 1)


@pytest.fixture
def library() -> Generator[logging.Logger]:
    """The library's logger, as it is when nobody has connected yet."""
    logger = logging.getLogger("aiormq.connection")
    level = logger.level
    logger.setLevel(logging.NOTSET)
    yield logger
    logger.setLevel(level)


async def asked(session: Session, question: Question) -> asyncio.Task[None]:
    asking = asyncio.create_task(session.call(question.ask()))
    await question.is_asked.wait()
    return asking


async def test_who_asks_is_told_that_the_connection_is_lost(session: Session) -> None:
    question = Question()
    asking = await asked(session, question)

    question.lose()

    with pytest.raises(LostError):
        await asking


async def test_who_is_not_answered_is_told_so_and_the_question_ends(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_S", 0.01)
    question = Question()

    with pytest.raises(UnansweredError, match=r"within 0\.01 s"):
        await session.call(question.ask())

    assert question.task is not None
    assert question.task.done()


async def test_a_network_that_timed_out_is_a_lost_connection(session: Session) -> None:
    async def ask() -> None:
        raise TimeoutError("[Errno 110]")

    with pytest.raises(LostError) as caught:
        await session.call(ask())

    assert not isinstance(caught.value, UnansweredError)


async def test_who_is_cancelled_at_that_moment_ends(session: Session) -> None:
    question = Question()
    asking = await asked(session, question)

    question.lose()
    asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_the_library_is_quiet_once_somebody_connects(
    session: Session, library: logging.Logger
) -> None:
    assert library.level == logging.NOTSET

    with pytest.raises(DisconnectedError):
        await session.connect()

    assert library.level == logging.CRITICAL


async def test_a_level_that_somebody_has_set_stays(
    session: Session, library: logging.Logger
) -> None:
    library.setLevel(logging.DEBUG)

    with pytest.raises(DisconnectedError):
        await session.connect()

    assert library.level == logging.DEBUG
