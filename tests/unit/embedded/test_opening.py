"""Opening and closing: whole or not at all, and nothing stays behind."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import closing
from pathlib import Path
from sqlite3 import connect as plain

import pytest

from recado.errors import ConfigError, DisconnectedError, RefusedError
from recado.transport import Depth
from recado.transport.embedded import EmbeddedTransport, audience, rounds, workers
from tests.transport.inbox import Inbox, consuming, ids, message, to


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/b.db"


def files() -> int:
    return len(os.listdir("/proc/self/fd"))


def writers() -> set[threading.Thread]:
    return {it for it in threading.enumerate() if it.name == "recado-writer"}


async def test_an_opening_that_fails_leaves_nothing_and_can_be_tried_again(
    url: str, tmp_path: Path
) -> None:
    (tmp_path / "b.db").write_text("a letter" * 100)
    transport, before = EmbeddedTransport(url), files()

    for _ in range(3):
        with pytest.raises(ConfigError, match="not a database"):
            await transport.open()
    assert not transport.is_alive
    assert files() == before

    (tmp_path / "b.db").unlink()
    async with transport:
        assert transport.is_alive


async def test_an_opening_without_room_to_register_says_so(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rounds, "Presence", full)
    before = files()

    with pytest.raises(RefusedError, match="does not take it: No space left"):
        await EmbeddedTransport(url).open()

    assert files() == before
    with closing(plain(tmp_path / "b.db")) as database:
        assert database.execute("SELECT count(*) FROM worker").fetchone() == (0,)


async def test_a_folder_of_locks_that_cannot_be_used_is_told(
    url: str, tmp_path: Path
) -> None:
    (tmp_path / "b.db.run" / "write").mkdir(parents=True)

    with pytest.raises(ConfigError, match=r"cannot open its folder .*b\.db\.run"):
        await EmbeddedTransport(url).open()


async def test_files_and_threads_stay_as_many_over_many_openings(
    url: str, tmp_path: Path
) -> None:
    async def once() -> None:
        async with EmbeddedTransport(url) as transport:
            await transport.declare(["work"])
            await transport.consume("work", Inbox())
            await transport.subscribe("news", Inbox())

    await once()
    before = files()
    for _ in range(50):
        await once()

    assert files() == before
    assert sorted(os.listdir(tmp_path)) == ["b.db", "b.db.run"]
    assert sorted(os.listdir(tmp_path / "b.db.run")) == ["turnstile", "write"]


@pytest.mark.parametrize("name", ["with space", "what?", "100%", "José ✓", "x" * 200])
async def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    written = name.replace("%", "%25").replace("?", "%3F")
    url = f"sqlite:///{tmp_path}/{written}/b.db"

    async with EmbeddedTransport(url) as here, EmbeddedTransport(url) as there:
        await here.declare(["work"])
        inbox = await consuming(here, "work")
        await there.publish(to("work", "a"))
        await (await inbox.next()).done()
        assert (await there.depth("work")).total == 0

    assert (tmp_path / name / "b.db").exists()


async def test_the_dead_letters_are_there_from_the_start(url: str) -> None:
    async with EmbeddedTransport(url) as transport:
        assert await transport.depth("dlq") == Depth(0, 0, 0)
        assert await transport.browse("dlq") == []
        await transport.publish(to("dlq", "a"))
        assert ids(await transport.browse("dlq")) == ["a"]


async def test_closing_twice_at_once_is_closing_once(url: str) -> None:
    transport = EmbeddedTransport(url)
    await transport.open()

    await asyncio.gather(*(transport.close() for _ in range(3)))

    assert not transport.is_alive


async def test_what_is_closed_can_be_opened_again(url: str) -> None:
    transport = EmbeddedTransport(url)
    for name in "ab":
        async with transport:
            await transport.declare(["work"])
            await transport.publish(to("work", name))

    async with transport:
        assert ids(await transport.browse("work")) == ["a", "b"]


async def test_closing_amid_everything_ends_everything(url: str) -> None:
    async with EmbeddedTransport(url) as other:
        await other.declare(["work", "silent"])
        transport = EmbeddedTransport(url)
        await transport.open()
        inbox = Inbox()
        await transport.consume("work", inbox)
        under_way = [
            asyncio.ensure_future(it)
            for it in (
                *(transport.publish(to("work", f"m{n}")) for n in range(20)),
                *(transport.request("silent", message(f"q{n}")) for n in range(3)),
                transport.subscribe("news", Inbox()),
                transport.browse("work"),
            )
        ]
        await asyncio.sleep(0)

        await transport.close()

        results = await asyncio.gather(*under_way, return_exceptions=True)
        wrong = [it for it in results if isinstance(it, BaseException)]
        assert all(isinstance(it, DisconnectedError) for it in wrong), wrong
        confirmed = results[:20].count(None)
        back = await consuming(other, "work")
        taken = await back.take(confirmed)
        assert {it.attempt for it in taken} == {1}
        assert (await other.depth("work")).held == confirmed


async def test_after_the_end_everything_says_so(url: str) -> None:
    others = writers()
    transport = EmbeddedTransport(url)
    await transport.open()
    await transport.declare(["work"])
    await transport.close()

    for late in (
        transport.publish(to("work", "a")),
        transport.consume("work", Inbox()),
        transport.subscribe("news", Inbox()),
        transport.request("work", message("q")),
        transport.depth("work"),
        transport.declare(["more"]),
    ):
        with pytest.raises(DisconnectedError, match=r"is not open|closed"):
            await late
    assert writers() <= others


async def test_a_closing_that_cannot_write_leaves_it_to_others(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with EmbeddedTransport(url) as other:
        await other.declare(["work"])
        await other.publish(to("work", "a"))
        transport = EmbeddedTransport(url)
        await transport.open()
        await (await consuming(transport, "work")).next()

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(workers, "remove", full)
            await transport.close()

        back = await (await consuming(other, "work")).next()
        assert (back.message.id, back.attempt) == ("a", 1)


async def test_a_consumer_that_cannot_be_woken_looks_for_itself(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(audience, "Ear", full)
    async with EmbeddedTransport(url) as here, EmbeddedTransport(url) as there:
        await here.declare(["work"])
        inbox = await consuming(here, "work")

        await there.publish(to("work", "a"))

        assert (await inbox.next()).message.id == "a"
