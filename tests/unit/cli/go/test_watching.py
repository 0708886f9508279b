"""Watching a run: it ends for whom it was asked, and outlasts a silent event store."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import pytest

from recado.config import Settings
from recado.errors import RequestTimeoutError
from recado.events import RUN_FINISHED, RUN_REFUSED, RUN_REPEATED, RUN_STARTED
from recado.schemas.events import ReadAllReply, StoredEvent
from recado_cli.failing import FailedError
from recado_cli.go.submitting import Ask
from recado_cli.go.watching import has_answer, looks


@pytest.fixture
def ask() -> Ask:
    return Ask.made(["hello"], None, {}, Settings(), idempotency_key="k")


def told(type_: str, request: str, **data: Any) -> StoredEvent:
    return StoredEvent(
        id="e",
        position=1,
        stream="run-r",
        version=1,
        type=type_,
        at=0.0,
        data={"request": request, **data},
    )


def test_the_end_of_an_earlier_requests_run_is_no_answer(ask: Ask) -> None:
    earlier = [told(RUN_STARTED, "another"), told(RUN_FINISHED, "")]

    assert not has_answer(earlier, ask)


@pytest.mark.parametrize("type_", [RUN_STARTED, RUN_REPEATED])
def test_a_request_that_has_its_run_is_answered(ask: Ask, type_: str) -> None:
    assert has_answer([told(type_, ask.message.id)], ask)


@pytest.mark.parametrize("type_", [RUN_REFUSED, RUN_REPEATED])
def test_a_request_that_was_refused_has_failed(ask: Ask, type_: str) -> None:
    refused = told(type_, ask.message.id, text="asked for something else")

    with pytest.raises(FailedError, match=r"refused run .*: asked for something else"):
        has_answer([told(RUN_STARTED, "another"), refused], ask)
    assert not has_answer([told(type_, "another", text="no")], ask)


class Silent:
    """An event store that answers each question the second time."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def _answer(self, what: str, answer: Any) -> Any:
        self.asked.append(what)
        if self.asked.count(what) == 1:
            raise RequestTimeoutError(what)
        return answer

    async def read_all(self, *_: object, **__: object) -> Any:
        events = [told(RUN_FINISHED, "")]
        reply = ReadAllReply(events=events, position=1, head=1)
        return await self._answer("read", reply)

    async def run(self, run: str) -> Any:
        return await self._answer("run", run)


async def test_a_silent_event_store_does_not_end_the_waiting(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log: Any = Silent()
    async with aclosing(looks(log, "r")) as seen:
        look = await anext(seen)

    assert look.is_finished
    assert log.asked == ["read", "read", "run", "run"]
    assert "the event store does not answer" in capsys.readouterr().err
