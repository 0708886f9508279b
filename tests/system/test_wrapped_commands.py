"""Commands as jobs: what they are given, what is told of them, and how they end."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from recado.events import run_stream
from recado.letter import Letter
from recado.transport import Delivery
from recado.wrapping import wrap
from tests.system.cli_process import PATIENCE_S, gone
from tests.system.wrapping import RUN, Site, envelope, shell


@pytest.fixture(autouse=True)
def logs() -> Generator[list[Any]]:
    """What is logged, so that it does not stand among what commands write."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A folder with a broker, where jobs are run."""
    monkeypatch.chdir(tmp_path)
    return await Site(tmp_path).made()


async def test_a_command_is_told_of_from_its_start_to_its_end(
    site: Site, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    given = envelope(wrapper={"task_information": "set 7"})

    code = await site.wrapped(*shell("echo out; echo err >&2"), envelope=given)

    assert (code, tuple(capfdbinary.readouterr())) == (0, (b"out\n", b"err\n"))
    assert await site.payloads() == [
        "Starting processing",
        "Finished processing",
        "Finished processing",
    ]
    begun, over = await site.events("job.started", "job.ended")
    assert (begun.data["task"], begun.data["step"]) == ("sh (set 7)", 1)
    assert begun.data["command"] == "sh -c echo out; echo err >&2"
    facts = {key: over.data[key] for key in ("reason", "exit_code", "stdout", "stderr")}
    assert facts == {
        "reason": "done",
        "exit_code": 0,
        "stdout": "out\n",
        "stderr": "err\n",
    }
    assert over.stream == run_stream(RUN)
    assert await site.run_state() == "done"
    assert site.left() == []


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
    assert await site.wrapped(*shell(script), envelope=envelope()) == code

    assert await site.payloads() == [
        "Starting processing",
        f"Processing failed: {text}",
        "Finished processing",
    ]
    assert await site.run_state() == "done"


@pytest.mark.parametrize(("program", "code"), [("./none", 127), ("./plain", 126)])
async def test_a_command_that_is_none_has_a_shells_exit_code(
    site: Site, program: str, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    (site.folder / "plain").touch()

    assert await site.wrapped(program, envelope=envelope()) == code

    assert f"recado: {program}: " in capfd.readouterr().err
    assert (await site.payloads())[1] == f"Processing failed: exit code {code}"


async def test_a_script_sends_to_outputs_by_a_line_on_descriptor_3(
    site: Site, capfd: pytest.CaptureFixture[str], logs: list[Any]
) -> None:
    script = """
        echo '{"send": "updates", "payload": {"done": 40}}' >&3
        echo 'this is none' >&3
        echo '{"send": "success", "payload": "its own word"}' >&3
        echo '{"send": "updates", "payload": 1, "n": 5}' >&3
        head -n 1 <&3
        echo '{"send": "updates", "delay_s": -1, "n": 6}' >&3
        head -n 1 <&3
        echo '{"send": "updates", "payload": "the last"}' >&3
    """

    assert await site.wrapped(*shell(script), envelope=envelope()) == 0

    assert await site.payloads() == [
        "Starting processing",
        {"done": 40},
        "its own word",
        1,
        "the last",
        "Finished processing",
    ]
    taken, refused = map(json.loads, capfd.readouterr().out.splitlines())
    assert taken == {"n": 5}
    assert refused["n"] == 6
    assert "delay_s" in refused["error"]
    assert [each["event"] for each in logs].count("job.misheard") == 2
    updates = await site.events("job.updated")
    told = [event.data["update"] for event in updates]
    assert told == [{"done": 40}, 1, "the last"]
    assert await site.run_state() == "done"


async def test_result_files_are_told_of_when_a_command_has_succeeded(
    site: Site, logs: list[Any]
) -> None:
    code = await site.wrapped(
        *shell("touch b.mtz a.mtz x.log"),
        envelope=envelope(wrapper={"results": ["*.mtz"]}),
        result_files=[Path("x.log"), Path("none")],
    )

    assert code == 0
    where = str(site.folder)
    *each, every = (await site.payloads())[1:5]
    names = ["x.log", "a.mtz", "b.mtz"]
    assert [one["file_name"] for one in each] == names
    assert (each[0]["file_path"], each[0]["file_type"]) == (where, "result")
    assert every == {"filelist": [f"{where}/{name}" for name in names]}
    missing = [it["file"] for it in logs if it["event"] == "job.result_missing"]
    assert missing == [f"{where}/none"]


async def test_a_command_that_failed_has_no_results(site: Site) -> None:
    given = envelope(wrapper={"results": ["*.mtz"]})

    await site.wrapped(*shell("touch a.mtz; exit 1"), envelope=given)

    assert len(await site.payloads()) == 3


async def test_what_a_command_writes_is_passed_on_byte_for_byte(
    site: Site, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    script = "import os; b = bytes(range(256)) * 4096; os.write(1, b); os.write(2, b)"

    await site.wrapped(sys.executable, "-c", script)

    assert tuple(capfdbinary.readouterr()) == (bytes(range(256)) * 4096,) * 2


async def test_a_command_without_an_envelope_is_told_of_in_a_stream_of_its_own(
    site: Site,
) -> None:
    assert await site.wrapped("true") == 0

    begun, over = await site.events()
    assert begun.stream == over.stream == f"job-{begun.data['job']}"


async def test_what_a_command_leaves_behind_is_ended_and_not_waited_for(
    site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    script = "sleep 600 & echo $!; setsid sleep 5 & exit 0"

    assert await site.wrapped(*shell(script)) == 0

    assert gone([int(capfd.readouterr().out)])


@pytest.mark.parametrize("given_s", [0.2, None])
async def test_a_time_limit_ends_a_job(site: Site, given_s: float | None) -> None:
    # What is given goes before what the recipe says.
    wrapper = {"time_limit_s": 600 if given_s else 0.2}

    code = await site.wrapped(
        *shell("sleep 600"), envelope=envelope(wrapper=wrapper), time_limit_s=given_s
    )

    text = "took longer than its time limit of 0.2 s"
    assert code == 124
    assert (await site.payloads())[1] == f"Processing failed: {text}"
    (over,) = await site.events("job.ended")
    assert (over.data["reason"], over.data["text"]) == ("time_limit", text)
    assert await site.run_state() == "done"


async def test_who_does_not_read_what_a_job_writes_holds_up_no_end(site: Site) -> None:
    job = site.start("--time-limit", "0.2", "--", "yes")
    try:
        assert await asyncio.to_thread(job.wait, PATIENCE_S) == 124
    finally:
        job.kill()
        job.communicate()


async def test_an_output_to_a_queue_that_is_none_is_a_dead_letter(site: Site) -> None:
    assert await site.wrapped("true", envelope=envelope(queue="nowhere")) == 0

    letters = [Letter.read(each.headers) for each in await site.queued("dlq")]
    found = [(it.reason, it.queue) for it in letters if it]
    assert found == [("unroutable", "nowhere")] * 3


async def test_what_a_command_has_written_is_told_while_it_runs(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wrap, "FIRST_TOLD_S", 0.01)
    told: list[dict[str, Any]] = []

    def deliver(deliveries: Sequence[Delivery]) -> None:
        for each in deliveries:
            for event in json.loads(each.message.body)["events"]:
                if event["type"] == "job.updated":
                    told.append(event["data"])
                    (site.folder / "told").touch()

    async with site.broker() as transport:
        await transport.consume("events", deliver)
        script = "echo early; while [ ! -e told ]; do sleep 0.02; done"
        assert await site.wrapped(*shell(script)) == 0

    assert told[0]["stdout"] == "early\n"
    assert told[0]["seconds"] > 0
