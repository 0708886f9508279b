"""``recado up`` with real services: ready, drained, and nothing left behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.system.cli_process import PATIENCE_S, gone, run, start, up

CORE = {"deadletter", "dispatcher", "eventstore", "expander", "registry"}
SMALL = ("--only", "hello")


def test_the_core_services_and_the_samples_start_and_drain(tmp_path: Path) -> None:
    with up(tmp_path) as suite:
        ready = {it["service"] for it in suite.log if it["event"] == "service.ready"}
        code = suite.end()

    assert ready >= CORE | {"hello", "rehearsal"}
    assert code == 0
    assert suite.log[-1]["event"] == "up.stopped"
    assert gone(suite.pids())


def test_a_service_is_started_as_often_as_it_is_wanted(tmp_path: Path) -> None:
    with up(tmp_path, *SMALL, "--scale", "hello=3") as suite:
        instances = {it["instance"] for it in suite.log if "instance" in it}

        assert len(instances) == 3
        assert suite.end(signal.SIGTERM) == 0


def test_a_service_that_is_killed_is_started_again(tmp_path: Path) -> None:
    with up(tmp_path, *SMALL) as suite:
        (pid,) = suite.pids()

        os.kill(pid, signal.SIGKILL)

        assert suite.until_event("process.ended")["ended"] == "killed by SIGKILL"
        again = suite.until_event("service.ready")["instance"]
        assert not str(again).endswith(f".{pid}")
        assert suite.end() == 0


def test_no_service_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with up(tmp_path, *SMALL, "--scale", "hello=2") as suite:
        suite.process.kill()

        assert len(suite.pids()) == 2
        assert gone(suite.pids())


def test_services_end_when_nobody_reads_the_log_any_more(tmp_path: Path) -> None:
    with up(tmp_path, *SMALL) as suite:
        pids = suite.pids()
        assert suite.process.stdout is not None
        suite.process.stdout.close()
        # The next line that is written finds nobody.
        os.kill(pids[0], signal.SIGKILL)

        assert suite.process.wait(PATIENCE_S) in (0, 1)
        assert gone(pids)


def test_services_end_when_the_terminal_is_closed(tmp_path: Path) -> None:
    terminal, inside = os.openpty()
    process = start(tmp_path, "up", *SMALL, stdout=inside, start_new_session=True)
    os.close(inside)
    shown = b""
    while b"up.ready" not in shown:
        shown += os.read(terminal, 10_000)

    os.close(terminal)
    process.send_signal(signal.SIGHUP)
    _, err = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, err) == (0, "")


def test_a_second_supervisor_says_that_it_is_not_alone(tmp_path: Path) -> None:
    with up(tmp_path, *SMALL) as first, up(tmp_path, *SMALL) as second:
        assert not [it for it in first.log if it["event"] == "up.shared"]
        assert [it for it in second.log if it["event"] == "up.shared"]
        assert (second.end(), first.end()) == (0, 0)


def test_a_broker_that_cannot_be_used_is_one_line_and_starts_nothing(
    tmp_path: Path,
) -> None:
    done = run(tmp_path, "up", "--broker", "sqlite:///x.db?lease=never")

    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


def test_a_state_folder_that_cannot_be_used_is_one_line_and_starts_nothing(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    broker = f"sqlite:///{tmp_path}/x.db"

    done = run(tmp_path, "up", "--state", "file", "--broker", broker)

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"recado: state folder {tmp_path}/file: File exists; "
        "make it writable, or name another with --state\n"
    )


def test_people_get_lines_with_the_instance_in_front(tmp_path: Path) -> None:
    process = start(tmp_path, "up", *SMALL, "--log-format", "console")
    assert process.stdout is not None
    shown = ""
    for shown in process.stdout:
        if "up.ready" in shown:
            break

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)

    assert shown.startswith("recado  | ")
    assert "hello   | " in out
    assert (process.returncode, err) == (0, "")


def test_one_service_in_the_foreground_drains(tmp_path: Path) -> None:
    process = start(tmp_path, "service", "-s", "hel")
    assert process.stdout is not None
    for line in process.stdout:
        if "service.ready" in line:
            break

    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 0
