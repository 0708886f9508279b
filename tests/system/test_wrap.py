"""Long jobs: what is run, how it ends, and what is told of it, in real processes."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from recado.ids import new_id
from recado.message import ID, Message, Outgoing
from recado.transport.embedded.place import read_url
from tests.system.cli_process import gone
from tests.system.wrapping import RUN, Site, ended, envelope, logged, shell, until


@pytest.fixture
async def site(tmp_path: Path) -> Site:
    """A folder with a broker, where jobs are run."""
    return await Site(tmp_path).made()


def test_a_command_that_writes_gigabytes_costs_no_memory(site: Site) -> None:
    process = site.start(
        *shell("head -c 400000000 /dev/zero"), stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    _, error = process.communicate()

    assert (process.returncode, logged(error, "job.ended")[0]["code"]) == (0, 0)
    assert usage.ru_maxrss < 120 * 1024


async def test_a_command_goes_on_when_nobody_reads_what_it_writes(site: Site) -> None:
    script = "for i in 1 2 3; do head -c 100000 /dev/zero; done; exit 5"
    process = site.start(*site.given(), *shell(script))
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None

    code, _, _ = ended(process)

    assert code == 5


async def test_an_envelope_may_come_by_standard_input(site: Site) -> None:
    done = site.run("--recipewrapper", "-", "--", "cat", given=envelope())

    assert (done.returncode, done.stdout) == (0, b"")
    assert len(await site.payloads()) == 3


# Its end


async def test_a_signal_cancels_a_job_and_all_that_it_started(site: Site) -> None:
    process = site.start(*site.given(), *shell("sleep 600 & echo $!; wait"))
    assert process.stdout is not None
    sleeper = int(process.stdout.readline())

    process.send_signal(signal.SIGINT)

    assert ended(process)[0] == 130
    assert gone([sleeper])
    assert (await site.payloads())[1:] == [
        "Processing failed: cancelled by SIGINT",
        "Finished processing",
    ]


async def test_a_job_that_will_not_end_is_killed_after_the_grace_period(
    site: Site,
) -> None:
    process = site.start(
        "--grace-s", "0.2", *shell("trap '' TERM; echo there; sleep 600; sleep 600")
    )
    until(process, b"there")

    process.terminate()

    code, _, error = ended(process)
    assert code == 143
    assert len(logged(error, "job.killed")) == 1


def test_a_second_signal_kills_at_once(site: Site) -> None:
    script = """if True:
        import signal
        signal.signal(signal.SIGTERM, lambda *_: print("told", flush=True))
        print("there", flush=True)
        while True:
            signal.pause()
    """
    process = site.start("--grace-s", "600", sys.executable, "-c", script)
    until(process, b"there")
    process.terminate()
    until(process, b"told")

    process.terminate()

    assert ended(process)[0] == 143


async def test_a_shutdown_command_for_its_name_cancels_a_job(site: Site) -> None:
    async with site.broker() as transport:
        beats: list[dict[str, Any]] = []
        there = asyncio.Event()

        def heard(deliveries: Any) -> None:
            for each in deliveries:
                beats.append(json.loads(each.message.body))
                if beats[-1]["status"] == 4:
                    there.set()

        await transport.subscribe("transient.status", heard)
        process = site.start(
            *site.given(wrapper={"task_information": 7}), *shell("sleep 600")
        )
        await asyncio.wait_for(there.wait(), 30)
        for host in ("somebody.else.1", beats[-1]["host"]):
            command = {"command": "shutdown", "host": host}
            body = json.dumps(command).encode()
            await transport.publish(
                [Outgoing("command", Message(body, {ID: new_id()}), is_topic=True)]
            )

        code = await asyncio.to_thread(process.wait, 30)
        process.communicate()

    assert code == 143
    assert beats[-1]["host"].endswith(f".{process.pid}")
    assert {beat["task"] for beat in beats} == {"sh (7)"}
    statuses = [beat["status"] for beat in beats]
    assert statuses[-1] == 6
    assert statuses == sorted(statuses)


# Wrappers


async def test_a_wrapper_of_our_own_is_run_and_told_of(site: Site) -> None:
    given = site.given(payload={"x": 1}, parameters={})

    done = site.run("--wrap", "own", *given)

    assert done.returncode == 0, done.stderr
    where = str(site.folder)
    assert await site.payloads() == [
        "Starting processing",
        {"payload": {"x": 1}},
        {"file_path": where, "file_name": "a.log", "file_type": "log"},
        {"filelist": [f"{where}/a.log"]},
        "Finished processing",
        "Finished processing",
    ]
    (begun,) = await site.events("job.started")
    assert begun.data["wrapper"] == "own"
    assert await site.run_state() == "done"


@pytest.mark.parametrize(
    ("end", "code", "text"),
    [
        ("false", 1, "Processing failed"),
        ("raise", 1, "no beam in \\udcff"),
        (
            "vanish",
            1,
            "Processing failed: ended with exit code 0 before it had finished",
        ),
        ("crash", 139, "Processing failed: killed by SIGSEGV"),
        ("large", 1, "17825843 bytes are too much to say; at most 16777216 can be"),
    ],
)
async def test_a_wrapper_that_fails_in_any_way_is_told_of_as_failed(
    site: Site, end: str, code: int, text: str
) -> None:
    done = site.run("--wrap", "own", *site.given(parameters={"end": end}))

    assert done.returncode == code, done.stderr
    assert (await site.payloads())[2:] == [text, "Finished processing"]
    assert await site.run_state() == "done"


async def test_a_wrapper_that_is_cancelled_tidies_up_and_is_told_of(
    site: Site,
) -> None:
    process = site.start("--wrap", "blocking", *site.given())
    until(process, b"there")

    process.terminate()

    assert ended(process)[0] == 143
    assert (site.folder / "tidied").exists()
    assert (await site.payloads())[1:] == [
        "there",
        "ended by SIGTERM",
        "Finished processing",
    ]


@pytest.mark.parametrize("name", ["nothing", "gone"])
async def test_a_wrapper_that_cannot_be_loaded_is_told_of_as_failed(
    site: Site, name: str
) -> None:
    done = site.run("--wrap", name, *site.given())

    assert done.returncode == 1
    payloads = await site.payloads()
    assert len(payloads) == 2
    assert payloads[1] == "Finished processing"


def test_sigusr2_shows_where_a_wrapper_is(site: Site) -> None:
    process = site.start("--wrap", "blocking", *site.given())
    until(process, b"there")

    process.send_signal(signal.SIGUSR2)
    assert process.stderr is not None
    for line in process.stderr:
        if b"site_wrappers.py" in line:
            break
    process.terminate()

    assert ended(process)[0] == 143


async def test_a_zocalo_wrapper_works_unmodified(site: Site) -> None:
    pytest.importorskip("zocalo")
    config = site.folder / "zocalo.yaml"
    config.write_text(
        "version: 1\nkeep:\n  plugin: storage\n  place: here\n"
        "environments:\n  default: [keep]\n"
    )
    given = site.given(payload=[7], job_parameters={"good": True})

    done = site.run("--wrap", "theirs", *given, ZOCALO_CONFIG=str(config))

    assert done.returncode == 0, done.stderr
    assert await site.payloads() == [
        "Starting processing",
        {
            "parameters": {"good": True},
            "payload": [7],
            "pointer": 1,
            "path": [4],
            "run": RUN,
            "next": "notes",
            "start": [[1, []]],
            "storage": {"plugin": "storage", "place": "here"},
        },
        "by default",
        {"file_path": "/x", "file_name": "a.log", "file_type": "log"},
        {"filelist": ["/x/a.log"]},
        "Finished processing",
        "Finished processing",
    ]
    assert (await site.queued("notes"))[2].headers["mine"] == "1"
    assert await site.run_state() == "done"


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"good": False}, "Processing failed"),
        ({"raises": True}, "no licence"),
    ],
)
async def test_a_zocalo_wrapper_that_fails_says_so_by_its_exit_code_too(
    site: Site, parameters: dict[str, bool], text: str
) -> None:
    pytest.importorskip("zocalo")

    done = site.run("--wrap", "theirs", *site.given(job_parameters=parameters))

    assert done.returncode == 1, done.stderr
    assert (await site.payloads())[-2:] == [text, "Finished processing"]


# Trouble


async def test_a_job_that_was_killed_has_lost_nothing_and_is_run_again(
    site: Site,
) -> None:
    given = site.given()
    script = """
        echo '{"send": "updates", "payload": 1, "n": 1}' >&3; head -n 1 <&3
        echo '{"send": "updates", "payload": 2, "n": 2}' >&3; head -n 1 <&3
        sleep 600 & echo $!; wait
    """
    process = site.start(*given, *shell(script))
    until(process, b'"n":2')
    assert process.stdout is not None
    sleeper = int(process.stdout.readline())
    process.kill()
    process.communicate()
    assert gone([sleeper])

    again = site.run(*given, *shell("""echo '{"send": "updates", "payload": 1}' >&3"""))

    assert again.returncode == 0
    messages = await site.queued("notes")
    payloads = {each.id: json.loads(each.body)["payload"] for each in messages}
    assert sorted(map(str, payloads.values())) == [
        "1",
        "2",
        "Finished processing",
        "Finished processing",
        "Starting processing",
    ]
    assert await site.run_state() == "done"
    assert site.left() == []


async def test_a_broker_that_is_away_keeps_no_job_from_its_end_and_loses_nothing(
    tmp_path: Path,
) -> None:
    # Nobody listens at this port.
    away = Site(tmp_path, RECADO_BROKER="amqp://guest:guest@127.0.0.1:9/")
    given = away.given()

    done = away.run(*given, "--grace-s", "0.1", *shell("echo worked > result"))

    assert done.returncode == 75
    assert (tmp_path / "result").read_text() == "worked\n"
    (left,) = logged(done.stderr, "job.unsent")
    # The start, three outputs, the end.
    assert left["count"] == len(away.left()) == 5
    assert {str(path.parent) for path in away.left()} == {left["folder"]}

    site = await Site(tmp_path).made()
    resent = site.run("--resend")
    assert (resent.returncode, resent.stderr) == (
        0,
        b"recado: 5 postings of jobs sent\n",
    )
    assert await site.payloads() == [
        "Starting processing",
        "Finished processing",
        "Finished processing",
    ]
    assert await site.run_state() == "done"
    assert site.left() == []


async def test_a_broker_that_answers_nothing_holds_up_neither_a_job_nor_our_end(
    site: Site,
) -> None:
    presence = read_url(site.url).presence
    with (presence / "write").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = site.run(*site.given(), "--grace-s", "0.1", *shell("echo worked"))

    assert (done.returncode, done.stdout) == (75, b"worked\n")
    assert len(site.left()) == 5


async def test_what_a_killed_job_left_goes_before_what_it_sends_when_it_is_run_again(
    tmp_path: Path,
) -> None:
    away = Site(tmp_path, RECADO_BROKER="amqp://guest:guest@127.0.0.1:9/")
    given = away.given()
    said = """echo '{"send": "updates", "payload": 7, "n": 1}' >&3; head -n 1 <&3"""
    process = away.start(*given, *shell(f"{said}; sleep 600"))
    until(process, b'"n":1')
    process.kill()
    process.communicate()
    site = await Site(tmp_path).made()

    again = site.run(*given, "false")

    assert again.returncode == 1
    assert await site.payloads() == [
        "Starting processing",
        7,
        "Starting processing",
        "Processing failed: exit code 1",
        "Finished processing",
    ]
    assert await site.run_state() == "done"
    assert site.left() == []
