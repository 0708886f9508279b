"""What the broker does not answer costs a channel, and keeps nobody else waiting."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from aiormq.abc import AbstractChannel
from aiormq.exceptions import ChannelAccessRefused
from structlog.testing import capture_logs

from recado.errors import RefusedError
from recado.transport.address import read_address
from recado.transport.rabbitmq import scratch as scratch_module
from recado.transport.rabbitmq import session as session_module
from recado.transport.rabbitmq.link import Link
from recado.transport.rabbitmq.scratch import Scratch
from recado.transport.rabbitmq.session import Session


class Channel:
    """A channel that knows only whether it is closed."""

    is_closed = False


class Opening(Session):
    """A session that needs no broker to open channels."""

    def __init__(self) -> None:
        address = read_address("amqp://a", port=5672, secure_port=5671, options={})
        super().__init__(address, "a", 5672)
        self.opened: list[Channel] = []

    async def channel(self, *, confirms: bool = False) -> AbstractChannel:
        self.opened.append(Channel())
        return cast("AbstractChannel", self.opened[-1])


class Linked:
    """A link that is always up."""

    def __init__(self) -> None:
        self.session = Opening()

    async def up(self) -> Session:
        return self.session


@pytest.fixture
async def link() -> Linked:
    return Linked()


@pytest.fixture
def scratch(link: Linked, monkeypatch: pytest.MonkeyPatch) -> Scratch:
    monkeypatch.setattr(session_module, "ANSWER_S", 0.05)
    monkeypatch.setattr(scratch_module, "_PAUSE_S", 0.0)
    return Scratch(cast("Link", link))


async def answer(channel: AbstractChannel) -> AbstractChannel:
    return channel


async def test_a_channel_is_used_again(scratch: Scratch, link: Linked) -> None:
    first = await scratch.ask("a", answer)
    second = await scratch.ask("b", answer)

    assert first is second
    assert len(link.session.opened) == 1


async def test_a_closed_channel_is_not_used_again(
    scratch: Scratch, link: Linked
) -> None:
    await scratch.ask("a", answer)
    link.session.opened[0].is_closed = True

    await scratch.ask("a", answer)

    assert len(link.session.opened) == 2


async def test_a_new_session_has_channels_of_its_own(
    scratch: Scratch, link: Linked
) -> None:
    old = await scratch.ask("a", answer)
    link.session = Opening()

    assert await scratch.ask("a", answer) is not old


async def test_what_is_not_answered_is_asked_again_on_another_channel(
    scratch: Scratch, link: Linked
) -> None:
    asked: list[AbstractChannel] = []

    async def act(channel: AbstractChannel) -> str:
        asked.append(channel)
        if len(asked) < 3:
            await asyncio.Event().wait()
        return "at last"

    with capture_logs() as logs:
        assert await scratch.ask("a", act) == "at last"

    assert len(set(map(id, asked))) == 3
    assert [(each["event"], each["name"]) for each in logs] == [
        ("transport.unanswered", "a")
    ] * 2


async def test_a_question_that_hangs_keeps_only_its_own_name_waiting(
    scratch: Scratch,
) -> None:
    goes_on = asyncio.Event()
    order: list[str] = []

    async def hang(channel: AbstractChannel) -> None:
        order.append("hangs")
        await goes_on.wait()
        order.append("goes on")

    async def note(channel: AbstractChannel) -> None:
        order.append("next")

    hanging = asyncio.ensure_future(scratch.ask("a", hang))
    await asyncio.sleep(0)
    waiting = asyncio.ensure_future(scratch.ask("a", note))
    await scratch.ask("b", answer)
    assert order == ["hangs"]

    goes_on.set()
    await asyncio.gather(hanging, waiting)
    assert order == ["hangs", "goes on", "next"]


async def test_who_asks_may_go_and_the_channel_stays(
    scratch: Scratch, link: Linked
) -> None:
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def act(channel: AbstractChannel) -> None:
        begun.set()
        await goes_on.wait()

    asking = asyncio.ensure_future(scratch.ask("a", act))
    await begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    goes_on.set()
    await asyncio.sleep(0)

    await scratch.ask("a", answer)
    assert len(link.session.opened) == 1


async def test_what_is_not_allowed_is_refused(scratch: Scratch) -> None:
    async def act(channel: AbstractChannel) -> None:
        raise ChannelAccessRefused("no configure right")

    with pytest.raises(RefusedError, match="no configure right"):
        await scratch.ask("a", act)
