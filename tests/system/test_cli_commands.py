"""The commands against a suite that runs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.system.cli_process import PATIENCE_S, run, start, up, variables


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """The folder of a suite that runs as long as this module's tests."""
    folder = tmp_path_factory.mktemp("suite")
    with up(folder):
        yield folder


def said(folder: Path, *args: str) -> Any:
    """Return the JSON that a command prints."""
    done = run(folder, *args, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_run_that_is_done_exits_with_0(suite: Path) -> None:
    done = run(suite, "go", "hello", "--wait")

    assert done.returncode == 0
    run_id = done.stdout.strip()
    assert done.stderr == f"recado: run {run_id} is done: 1 message handled\n"
    assert said(suite, "run", "show", run_id)["run"]["state"] == "done"


def test_a_run_shows_what_it_was_started_from(suite: Path) -> None:
    done = run(suite, "go", "hello", "-s", "name=you", "--wait")
    run_id = done.stdout.strip()

    request = json.loads(run(suite, "run", "show", run_id, "--request").stdout)
    recipe = json.loads(run(suite, "run", "show", run_id, "--recipe").stdout)
    shown = run(suite, "run", "show", run_id).stdout

    assert request["recipes"] == ["hello"]
    assert request["parameters"]["name"] == "you"
    assert recipe["1"]["queue"] == "hello"
    book = said(suite, "run", "show", run_id)["logbook"]
    assert (book["body"], book["recipe"]) == (request, recipe)
    assert '"recipes":["hello"]' in shown


def test_a_run_with_a_dead_letter_exits_with_1_and_says_how_to_see_it(
    suite: Path,
) -> None:
    done = run(suite, "go", "fails", "--wait")

    assert done.returncode == 1
    run_id = done.stdout.strip()
    assert done.stderr == (
        f"recado: run {run_id} is incomplete: 1 dead letter of 1 message; "
        f"'recado dlq ls --run {run_id}' lists them\n"
    )


def test_a_runs_events_are_printed_as_they_come(suite: Path) -> None:
    done = run(suite, "go", "hello", "--follow", "--json")

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["type"] for line in lines] == [
        "run.started",
        "run.requested",
        "message.handled",
        "run.finished",
    ]


def test_a_run_nobody_works_on_is_not_waited_for_longer_than_is_wished(
    suite: Path,
) -> None:
    (suite / "idle.json").write_text(
        '{"1": {"queue": "hello", "transport-delay": 600}, "start": [[1, {"name": "x"}]]}'
    )

    done = run(suite, "go", "-f", "idle.json", "--wait", "--timeout", "0.5")

    assert done.returncode == 1
    assert "is not finished after 0.5 s; it goes on" in done.stderr


def test_ctrl_c_says_that_the_run_goes_on(suite: Path) -> None:
    (suite / "late.json").write_text(
        '{"1": {"queue": "hello", "transport-delay": 600}, "start": [[1, {"name": "x"}]]}'
    )
    process = start(suite, "go", "-f", "late.json", "--follow")
    assert process.stdout is not None
    run_id = process.stdout.readline().strip()
    assert "run.started" in process.stdout.readline()

    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 130
    assert err.startswith(f"recado: run {run_id} goes on")
    assert len(err.splitlines()) == 1


def test_a_closed_pipe_ends_a_reader_quietly(suite: Path) -> None:
    run(suite, "go", "hello", "--wait")
    process = start(suite, "events", "read")
    assert process.stdout is not None
    assert process.stderr is not None

    assert process.stdout.readline()
    process.stdout.close()

    assert process.stderr.read() == ""
    assert process.wait(PATIENCE_S) == 0
    process.stderr.close()


def test_events_are_read_by_stream_type_and_number(suite: Path) -> None:
    run_id = run(suite, "go", "hello", "--wait").stdout.strip()

    def types(*args: str) -> list[str]:
        done = run(suite, "events", "read", *args, "--json")
        return [json.loads(line)["type"] for line in done.stdout.splitlines()]

    stream = f"run-{run_id}"
    assert types(stream, "--from", "3", "--limit", "1") == ["message.handled"]
    assert types(stream, "--type", "run.started") == ["run.started"]
    assert set(types("--type", "run.finished")) == {"run.finished"}
    assert run(suite, "events", "read", "run-none").stderr.startswith(
        "recado: no stream 'run-none'"
    )


def test_a_tail_prints_what_is_recorded_from_now_on(suite: Path) -> None:
    process = start(suite, "events", "tail", "--from", "0", "--type", "run.started")
    assert process.stdout is not None
    run_id = run(suite, "go", "hello", "--wait").stdout.strip()

    for line in process.stdout:
        if run_id in line:
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, err) == (130, "")


def test_runs_are_listed_and_shown_by_the_beginning_of_their_id(suite: Path) -> None:
    run_id = run(suite, "go", "study", "--wait").stdout.strip()

    listed = said(suite, "run", "ls", "--in-state", "incomplete", "--limit", "1")
    shown = said(suite, "run", "show", run_id[:8])
    text = run(suite, "run", "show", run_id[:8]).stdout

    assert listed[0]["run"] == run_id
    assert (shown["run"]["sent"], shown["run"]["dead"]) == (25, 1)
    assert shown["dead_letters"][0]["text"] == "participant 7 did not turn up"
    assert "rejected  participant 7 did not turn up" in text


def test_a_run_that_is_not_there_is_one_line(suite: Path) -> None:
    done = run(suite, "run", "show", "nope")

    assert done.returncode == 1
    assert done.stderr.startswith("recado: no run 'nope'")


def test_a_dead_letter_is_listed_shown_printed_raw_and_sent_back(suite: Path) -> None:
    run_id = run(suite, "go", "fails", "--wait").stdout.strip()
    page = said(suite, "dlq", "ls", "--run", run_id, "--reason", "schema")
    (letter,) = page["letters"]

    shown = run(suite, "dlq", "show", letter["id"][:8]).stdout
    raw = run(suite, "dlq", "show", letter["id"], "--raw").stdout
    sent = run(suite, "dlq", "retry", letter["id"])

    assert "payload.name: input should be a valid string, not 7" in shown
    assert json.loads(raw)["payload"] == {"name": 7}
    assert sent.returncode == 0
    assert sent.stdout == f"{letter['id']} sent to hello\n"


def test_a_letter_that_cannot_be_sent_back_is_a_failure(suite: Path) -> None:
    done = run(suite, "dlq", "retry", "000000000000")

    assert done.returncode == 1
    assert done.stderr.startswith("recado: ")


def test_sending_all_back_asks_first(suite: Path) -> None:
    done = run(suite, "dlq", "retry", "--all")

    assert done.returncode == 130
    assert "send all" in done.stderr


def test_the_registry_tells_services_recipes_and_studies(suite: Path) -> None:
    listed = said(suite, "registry", "ls")
    hello = said(suite, "registry", "show", "hello", "--kind", "service")
    study = said(suite, "registry", "show", "study", "--kind", "study")["study"]

    assert {it["name"] for it in listed["recipes"]} >= {"hello", "study"}
    assert {it["service"] for it in listed["services"]["instances"]} >= {"hello"}
    assert hello["instances"][0]["beat"]["recado"]["policy"]["attempts"] == 5
    assert listed["studies"] == [study | {"text": None}]
    assert study["digest"] in run(suite, "registry", "ls").stdout
    assert "queue" in run(suite, "registry", "show", "study").stdout.lower()
    nobody = run(suite, "registry", "show", "nobody")
    assert nobody.returncode == 1
    for kind in ("service", "recipe", "study"):
        assert f"no {kind} 'nobody'" in nobody.stderr.replace("instance of a ", "")


def test_a_live_check_warns_of_what_nobody_runs(suite: Path) -> None:
    (suite / "astray.json").write_text(
        '{"1": {"queue": "helo", "service": "Hello"}, "start": [[1, {}]]}'
    )

    astray, hello = said(suite, "recipe", "check", "--live", "astray.json", "hello")

    (warning,) = astray["warnings"]
    assert (warning["path"], astray["errors"]) == ("1.queue", [])
    assert "nobody consumes the queue 'helo'; did you mean 'hello'?" in warning["text"]
    assert hello["warnings"] == []


def test_the_status_shows_all_there_is(suite: Path) -> None:
    status = said(suite, "status")
    text = run(suite, "status").stdout

    assert status["away"] == []
    assert {it["queue"] for it in status["queues"]} >= {"hello", "dlq", "events"}
    assert "5 attempts, 1.0 to 300.0 s apart" in text
    assert "s ago" in text


def test_recipes_in_another_folder_are_looked_up(suite: Path) -> None:
    elsewhere = ["--recipes", str(suite / "nowhere")]

    known = run(suite, "go", "hello", "--wait", "-s", "x=1", *elsewhere)
    unknown = run(suite, "go", "helo", *elsewhere)

    assert known.returncode == 0
    assert "no recipe of this run has {x} in it" in known.stderr
    assert unknown.returncode == 1
    assert "did you mean 'hello'?" in unknown.stderr


def test_what_the_dispatcher_refuses_is_told_to_whom_waits(suite: Path) -> None:
    recipe = '{"1": {"queue": "hello"}, "start": [[1, {"name": "x"}]]}'
    other = suite / "others"
    other.mkdir()
    (other / "mine.json").write_text(recipe)

    done = run(suite, "go", "mine", "--wait", "--recipes", str(other))

    assert done.returncode == 1
    assert "the dispatcher refused run" in done.stderr


def test_services_that_are_away_are_named_and_the_rest_is_shown(
    tmp_path: Path,
) -> None:
    with up(tmp_path, "--only", "hello,registry"):
        done = run(tmp_path, "status")
        waited = run(tmp_path, "go", "hello", "--wait")
        listed = run(tmp_path, "dlq", "ls")

    assert done.returncode == 1
    assert "hello" in done.stdout
    assert "not answering: eventstore, deadletter" in done.stderr
    assert waited.stderr.startswith("recado: the event store service never ran on")
    assert listed.stderr.startswith("recado: the dead-letter service never ran on")


def test_the_overview_takes_a_fifth_of_a_second_at_most(tmp_path: Path) -> None:
    code = (
        "import sys, time, subprocess; times = []\n"
        "for _ in range(5):\n"
        "    began = time.perf_counter()\n"
        "    subprocess.run([sys.executable, '-m', 'recado_cli', '--help'],"
        " stdout=subprocess.DEVNULL, check=True)\n"
        "    times.append(time.perf_counter() - began)\n"
        "print(min(times))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=variables(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )

    assert float(done.stdout) < 0.2


def test_a_run_that_does_not_begin_says_where_to_look(tmp_path: Path) -> None:
    with up(tmp_path, "--only", "dispatcher,eventstore,hello"):
        run(tmp_path, "shutdown", "-s", "dispatcher")
        done = run(tmp_path, "go", "hello", "--wait", "--timeout", "0.3")

    assert done.returncode == 1
    assert "has not begun after 0.3 s; 'recado status' tells who" in done.stderr
    assert "'recado dlq ls --queue processing_recipe'" in done.stderr


def test_a_run_whose_first_queue_is_none_is_not_sent(suite: Path) -> None:
    (suite / "lost.json").write_text('{"1": {"queue": "helo"}, "start": [[1, {}]]}')

    done = run(suite, "go", "-f", "lost.json", "--wait")

    assert done.returncode == 1
    assert done.stdout == ""
    assert "did you mean 'hello'?" in done.stderr


def test_a_listing_without_rows_says_so(suite: Path) -> None:
    letters = run(suite, "dlq", "ls", "--run", "none")

    assert letters.returncode == 0
    assert letters.stdout.startswith("ID ")
    assert letters.stderr == "recado: no dead letter is of this kind\n"


def test_a_recipe_that_is_nowhere_is_told_how_to_get_some(tmp_path: Path) -> None:
    with up(tmp_path, "--only", "registry", "--recipes", "none"):
        done = run(tmp_path, "go", "hello", "--recipes", "none")

    assert done.returncode == 1
    assert "'recado recipe samples' makes it" in done.stderr
