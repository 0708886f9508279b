"""Long jobs: what is run, how it ends, and what is told of it, in real processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from recado.events import HANDLED, RUN_STARTED, Event, run_stream
from recado.ids import checksum, derived_id, new_id
from recado.letter import Letter
from recado.message import ID, Message, Outgoing
from recado_eventstore.facts import read_facts
from recado_eventstore.runs import Account
from tests.system.cli_process import gone
from tests.system.wrapping import RUN, Site, ended, logged, shell, until


@pytest.fixture
async def site(tmp_path: Path) -> Site:
    """A folder with a broker, where jobs are run."""
    return await Site(tmp_path).made()


async def state(site: Site) -> str:
    """Return the state of the run that a job belongs to, when its outputs are handled."""
    told = {event.id: event for event in await site.events()}
    stream = run_stream(RUN)
    for message in await site.queued("notes"):
        id_ = derived_id(message.id, "outcome")
        told[id_] = Event(id_, stream, HANDLED, {"message": message.id}, 1.0)
    first = new_id()
    data = {"children": 1, "checksum": f"{checksum(first):016x}"}
    told["start"] = Event(new_id(), stream, RUN_STARTED, data, 1.0)
    told["first"] = Event(new_id(), stream, HANDLED, {"message": first}, 1.0)
    facts = read_facts(list(told.values()))
    return Account(1, RUN).after(list(facts.values()))[0].state


# Commands


async def test_a_command_is_told_of_from_its_start_to_its_end(site: Site) -> None:
    given = site.envelope(wrapper={"task_information": "set 7"})

    done = site.run(*given, *shell("echo out; echo err >&2"))

    assert (done.returncode, done.stdout) == (0, b"out\n")
    assert b"err\n" in done.stderr
    assert await site.payloads() == [
        "Starting processing",
        "Finished processing",
        "Finished processing",
    ]
    begun, over = await site.events("job.started", "job.ended")
    assert begun.data["task"] == "sh (set 7)"
    assert begun.data["step"] == 1
    facts = {key: over.data[key] for key in ("reason", "exit_code", "stdout", "stderr")}
    assert facts == {
        "reason": "done",
        "exit_code": 0,
        "stdout": "out\n",
        "stderr": "err\n",
    }
    assert over.stream == run_stream(RUN)
    assert await state(site) == "done"


@pytest.mark.parametrize(
    ("script", "code", "text"),
    [
        ("exit 3", 3, "exit code 3"),
        ("kill -SEGV $$", 139, "killed by SIGSEGV"),
    ],
)
async def test_a_command_that_fails_says_so_to_its_run_and_by_its_exit_code(
    site: Site, script: str, code: int, text: str
) -> None:
    done = site.run(*site.envelope(), *shell(script))

    assert done.returncode == code
    assert await site.payloads() == [
        "Starting processing",
        f"Processing failed: {text}",
        "Finished processing",
    ]
    assert await state(site) == "done"


@pytest.mark.parametrize(("program", "code"), [("./none", 127), ("./plain", 126)])
async def test_a_command_that_is_none_has_a_shells_exit_code(
    site: Site, program: str, code: int
) -> None:
    (site.folder / "plain").touch()

    done = site.run(*site.envelope(), program)

    assert done.returncode == code
    assert f"recado: {program}: ".encode() in done.stderr
    assert (await site.payloads())[1] == f"Processing failed: exit code {code}"


async def test_a_script_sends_to_outputs_by_a_line_on_descriptor_3(site: Site) -> None:
    script = """
        echo '{"send": "updates", "payload": {"done": 40}}' >&3
        echo 'this is none' >&3
        echo '{"send": "success", "payload": "its own word"}' >&3
        echo '{"send": "updates", "payload": 1, "n": 5}' >&3
        head -n 1 <&3
    """

    done = site.run(*site.envelope(), *shell(script))

    assert done.returncode == 0
    assert await site.payloads() == [
        "Starting processing",
        {"done": 40},
        "its own word",
        1,
        "Finished processing",
    ]
    # The line says nothing first to a command, so the answer is the first thing heard.
    assert json.loads(done.stdout) == {"n": 5}
    assert len(logged(done.stderr, "job.misheard")) == 1
    updates = await site.events("job.updated")
    assert [event.data["update"] for event in updates] == [{"done": 40}, 1]


async def test_result_files_are_told_of_when_a_command_has_succeeded(
    site: Site,
) -> None:
    given = site.envelope(wrapper={"results": ["*.mtz"]})
    script = "touch b.mtz a.mtz x.log"

    done = site.run(
        *given, "--result-file", "x.log", "--result-file", "none", *shell(script)
    )

    assert done.returncode == 0
    where = str(site.folder)
    one, two, three, every = (await site.payloads())[1:5]
    assert [each["file_name"] for each in (one, two, three)] == [
        "x.log",
        "a.mtz",
        "b.mtz",
    ]
    assert (one["file_path"], one["file_type"]) == (where, "result")
    names = ("x.log", "a.mtz", "b.mtz")
    assert every == {"filelist": [f"{where}/{name}" for name in names]}
    assert [line["file"] for line in logged(done.stderr, "job.result_missing")] == [
        f"{where}/none"
    ]


async def test_a_command_that_failed_has_no_results(site: Site) -> None:
    given = site.envelope(wrapper={"results": ["*.mtz"]})

    site.run(*given, *shell("touch a.mtz; exit 1"))

    assert len(await site.payloads()) == 3


def test_what_a_command_writes_is_passed_on_byte_for_byte(site: Site) -> None:
    script = "import os; b = bytes(range(256)) * 4096; os.write(1, b); os.write(2, b)"

    done = site.run("--", sys.executable, "-c", script)

    assert done.stdout == bytes(range(256)) * 4096
    assert bytes(range(256)) in done.stderr


def test_a_command_that_writes_gigabytes_costs_no_memory(site: Site) -> None:
    process = site.start(
        *shell("head -c 1500000000 /dev/zero"), stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    _, error = process.communicate()

    assert (process.returncode, logged(error, "job.ended")[0]["code"]) == (0, 0)
    assert usage.ru_maxrss < 120 * 1024


async def test_a_command_goes_on_when_nobody_reads_what_it_writes(site: Site) -> None:
    script = "for i in 1 2 3; do head -c 100000 /dev/zero; done; exit 5"
    process = site.start(*site.envelope(), *shell(script))
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None

    code, _, _ = ended(process)

    assert code == 5


def test_a_command_reads_what_we_are_given(site: Site) -> None:
    done = site.run("--", "cat", given=b"words")

    assert done.stdout == b"words"


async def test_an_envelope_may_come_by_standard_input(site: Site) -> None:
    envelope = site.file(site.envelope())

    done = site.run("--recipewrapper", "-", "--", "cat", given=envelope)

    assert (done.returncode, done.stdout) == (0, b"")
    assert len(await site.payloads()) == 3


async def test_a_command_without_an_envelope_is_told_of_in_a_stream_of_its_own(
    site: Site,
) -> None:
    done = site.run("true")

    assert done.returncode == 0
    begun, over = await site.events()
    assert begun.stream == over.stream == f"job-{begun.data['job']}"


async def test_what_a_command_leaves_behind_is_ended_and_not_waited_for(
    site: Site,
) -> None:
    done = site.run(*shell("sleep 600 & echo $!; setsid sleep 5 >/dev/null & exit 0"))

    assert done.returncode == 0
    assert gone([int(done.stdout)])


# Its end


async def test_a_time_limit_ends_a_job(site: Site) -> None:
    given = site.envelope(wrapper={"time_limit_s": 0.2})

    done = site.run(*given, *shell("sleep 600"))

    text = "took longer than its time limit of 0.2 s"
    assert done.returncode == 124
    assert (await site.payloads())[1] == f"Processing failed: {text}"
    (over,) = await site.events("job.ended")
    assert (over.data["reason"], over.data["text"]) == ("time_limit", text)
    assert await state(site) == "done"


async def test_the_time_limit_of_the_command_line_goes_before_the_recipes(
    site: Site,
) -> None:
    given = site.envelope(wrapper={"time_limit_s": 600})

    done = site.run(*given, "--time-limit", "0.2", *shell("sleep 600"))

    assert done.returncode == 124


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
async def test_a_signal_cancels_a_job_and_all_that_it_started(
    site: Site, number: signal.Signals, code: int
) -> None:
    process = site.start(*site.envelope(), *shell("sleep 600 & echo $!; wait"))
    assert process.stdout is not None
    sleeper = int(process.stdout.readline())

    process.send_signal(number)

    assert ended(process)[0] == code
    assert gone([sleeper])
    assert (await site.payloads())[1:] == [
        f"Processing failed: cancelled by {number.name}",
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


async def test_a_second_signal_kills_at_once(site: Site) -> None:
    process = site.start(
        "--grace-s",
        "600",
        *shell("trap 'echo told' TERM; echo there; while :; do sleep 600; done"),
    )
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
            *site.envelope(wrapper={"task_information": 7}), *shell("sleep 600")
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
    assert statuses[-1] == 7
    assert statuses == sorted(statuses)


# Wrappers


async def test_a_wrapper_of_our_own_is_run_and_told_of(site: Site) -> None:
    given = site.envelope(payload={"x": 1}, parameters={})

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
    assert await state(site) == "done"


@pytest.mark.parametrize(
    ("end", "code", "text"),
    [
        ("false", 1, "Processing failed"),
        ("raise", 1, "no beam"),
        ("exit", 1, "7"),
        (
            "vanish",
            1,
            "Processing failed: ended with exit code 0 before it had finished",
        ),
        ("crash", 139, "Processing failed: killed by SIGSEGV"),
        ("large", 1, "17825847 bytes are too much to say; at most 16777216 can be"),
    ],
)
async def test_a_wrapper_that_fails_in_any_way_is_told_of_as_failed(
    site: Site, end: str, code: int, text: str
) -> None:
    done = site.run("--wrap", "own", *site.envelope(parameters={"end": end}))

    assert done.returncode == code, done.stderr
    assert (await site.payloads())[2:] == [text, "Finished processing"]
    assert await state(site) == "done"


async def test_a_wrapper_that_is_cancelled_tidies_up_and_is_told_of(
    site: Site,
) -> None:
    process = site.start("--wrap", "blocking", *site.envelope())
    async with site.broker() as transport:
        while (await transport.depth("notes")).total < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

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
    done = site.run("--wrap", name, *site.envelope())

    assert done.returncode == 1
    payloads = await site.payloads()
    assert len(payloads) == 2
    assert payloads[1] == "Finished processing"


async def test_sigusr2_shows_where_a_wrapper_is(site: Site) -> None:
    process = site.start("--wrap", "blocking", *site.envelope())
    async with site.broker() as transport:
        while (await transport.depth("notes")).total < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

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
    given = site.envelope(payload=[7], job_parameters={"good": True})

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
    assert await state(site) == "done"


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

    done = site.run("--wrap", "theirs", *site.envelope(job_parameters=parameters))

    assert done.returncode == 1, done.stderr
    assert (await site.payloads())[-2:] == [text, "Finished processing"]


# Trouble


async def test_a_job_that_was_killed_has_lost_nothing_and_is_run_again(
    site: Site,
) -> None:
    given = site.envelope()
    script = """
        echo '{"send": "updates", "payload": 1, "n": 1}' >&3; head -n 1 <&3
        echo '{"send": "updates", "payload": 2, "n": 2}' >&3; head -n 1 <&3
        echo $$; sleep 600
    """
    process = site.start(*given, *shell(script))
    until(process, b'"n":2')
    assert process.stdout is not None
    job = int(process.stdout.readline())
    process.kill()
    process.communicate()
    assert gone([job])

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
    assert await state(site) == "done"
    assert site.left() == []


async def test_a_broker_that_is_away_keeps_no_job_from_its_end_and_loses_nothing(
    tmp_path: Path,
) -> None:
    # Nobody listens at this port.
    away = Site(tmp_path, RECADO_BROKER="amqp://guest:guest@127.0.0.1:9/")
    given = away.envelope()

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
    assert await state(site) == "done"
    assert site.left() == []


async def test_what_a_job_left_goes_before_what_it_sends_when_it_is_run_again(
    tmp_path: Path,
) -> None:
    away = Site(tmp_path, RECADO_BROKER="amqp://guest:guest@127.0.0.1:9/")
    given = away.envelope()
    failed = away.run(*given, "--grace-s", "0.1", *shell("exit 9"))
    site = await Site(tmp_path).made()

    again = site.run(*given, "true")

    # Its own failure goes before that of the broker.
    assert (failed.returncode, again.returncode) == (9, 0)
    payloads = await site.payloads()
    assert payloads[1] == "Processing failed: exit code 9"
    assert await state(site) == "done"


async def test_an_output_to_a_queue_that_is_none_is_a_dead_letter(site: Site) -> None:
    done = site.run(*site.envelope(queue="nowhere"), "true")

    assert done.returncode == 0
    letters = [Letter.read(each.headers) for each in await site.queued("dlq")]
    assert [(it.reason, it.queue) for it in letters if it] == [
        ("unroutable", "nowhere")
    ] * 3


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), b"what is to be run?"),
        (("--wrap", "own", "true"), b"what is to be run?"),
        (("--wrap", "owm"), b"no wrapper named 'owm'; did you mean 'own'?"),
        (("--recipewrapper", "none.json", "true"), b"none.json: No such file"),
        (("--recipewrapper", "broken.json", "true"), b"recipe: must be an object"),
        (("--time-limit", "0", "true"), b"must be more than 0 seconds"),
        (("--wrap", "own", "--result-file", "x"), b"--result-file is for commands"),
    ],
)
def test_what_cannot_be_run_is_told_before_anything_is(
    site: Site, args: tuple[str, ...], said: bytes
) -> None:
    (site.folder / "broken.json").write_text("{}")

    done = site.run(*args)

    assert done.returncode == 2
    assert said in done.stderr


def test_a_place_that_has_no_broker_runs_no_job(tmp_path: Path) -> None:
    done = Site(tmp_path).run("touch", "ran")

    assert done.returncode == 2
    assert b"there is no broker at" in done.stderr
    assert not (tmp_path / "ran").exists()


def test_wrappers_obey_the_list_of_plugins(site: Site) -> None:
    done = site.run("--wrap", "own", RECADO_PLUGINS="other")

    assert done.returncode == 2
    assert b"the setting 'plugins' does not allow it" in done.stderr
