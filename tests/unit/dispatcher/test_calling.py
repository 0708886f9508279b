"""Calling plug-ins: whatever one does, its caller hears of it, in time and by its name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from recado.errors import RecadoError
from recado.retry import RetryLater
from recado.runtime.threads import Threads
from recado_dispatcher.calling import Caller, PluginError
from recado_dispatcher.plugins import Kind, Plugin


@pytest.fixture
async def caller() -> AsyncGenerator[Caller]:
    threads = Threads("a-test")
    yield Caller(threads, timeout_s=0.05)
    threads.close()


async def called(
    caller: Caller, call: Callable[..., Any], kind: Kind = "filter"
) -> Any:
    return await caller.call(Plugin(kind, "f", call))


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        SystemExit(1),
        GeneratorExit(),
        StopIteration(),
        asyncio.CancelledError(),
        BaseExceptionGroup("two", [KeyboardInterrupt(), SystemExit()]),
    ],
    ids=repr,
)
@pytest.mark.parametrize("is_async", [True, False])
async def test_whatever_a_plug_in_raises_is_told_with_its_name(
    caller: Caller, error: BaseException, is_async: bool
) -> None:
    def fail() -> None:
        raise error

    async def fail_async() -> None:
        raise error

    with pytest.raises(PluginError, match="filter 'f': "):
        await called(caller, fail_async if is_async else fail)


async def test_a_plug_in_that_cancels_its_own_task_has_failed(caller: Caller) -> None:
    async def cancel() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    with pytest.raises(PluginError, match="filter 'f': "):
        await called(caller, cancel)


async def test_a_plug_in_that_will_not_be_cancelled_is_left_behind(
    caller: Caller,
) -> None:
    end = asyncio.Event()

    async def stay() -> None:
        while not end.is_set():
            try:
                await end.wait()
            except asyncio.CancelledError:
                continue

    with pytest.raises(PluginError, match=r"took longer than 0\.05 s"):
        await called(caller, stay)
    end.set()


async def test_who_does_not_wait_any_more_ends_the_plug_in(caller: Caller) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    patient = Caller(caller.threads, timeout_s=60)
    waiting = asyncio.create_task(called(patient, wait))
    await began.wait()
    waiting.cancel()

    await ended.wait()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_when_to_come_again_is_told_with_its_name(caller: Caller) -> None:
    def fail() -> None:
        raise RetryLater(5, "database away")

    with pytest.raises(RetryLater, match="filter 'f': database away") as raised:
        await called(caller, fail)
    assert raised.value.after_s == 5


class Neither:
    """Something that is neither true nor false, as an array of several numbers is."""

    def __bool__(self) -> bool:
        raise ValueError("ambiguous")


async def test_a_check_that_says_neither_yes_nor_no_is_named(caller: Caller) -> None:
    with pytest.raises(RecadoError, match="ready check 'f': ValueError: ambiguous"):
        await called(caller, Neither, "ready check")
