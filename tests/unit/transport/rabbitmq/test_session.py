"""What is asked of the broker, when the connection and who asks end at one moment."""

from __future__ import annotations

import asyncio

import pytest

from recado.transport.address import read_address
from recado.transport.rabbitmq.session import LostError, Session


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
    address = read_address("amqp://a", port=5672, secure_port=5671, options={})
    return Session(address, "a", 5672)


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


async def test_who_is_cancelled_at_that_moment_ends(session: Session) -> None:
    question = Question()
    asking = await asked(session, question)

    question.lose()
    asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking
