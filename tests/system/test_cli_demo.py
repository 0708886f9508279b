"""``recado demo``: exactly what is expected, twice at the same time."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from tests.system.cli_process import PATIENCE_S, run, start


def test_two_demos_at_once_both_come_out_as_expected(tmp_path: Path) -> None:
    demos = [start(tmp_path, "demo", "--json") for _ in range(2)]

    done = [each.communicate(timeout=PATIENCE_S) for each in demos]

    assert [each.returncode for each in demos] == [0, 0], done
    outcomes = [json.loads(out) for out, _ in done]
    assert len({outcome["run"] for outcome in outcomes}) == 2
    for outcome in outcomes:
        assert (outcome["participants"], outcome["rehearsed"]) == (24, 23)
        (letter,) = outcome["dead_letters"]
        assert letter["text"] == "participant 7 did not turn up"
        assert outcome["problems"] == []
    assert not (tmp_path / ".demo").exists()


def test_a_demo_that_is_not_done_in_time_fails_and_leaves_its_log(
    tmp_path: Path,
) -> None:
    done = run(tmp_path, "demo", "--timeout", "0.1", "--state", "here")

    assert done.returncode == 1
    assert "recado: the demo is not done after 0.1 s" in done.stderr
    assert (tmp_path / "here" / "demo.log").is_file()


def test_ctrl_c_drains_a_demo_and_leaves_nothing(tmp_path: Path) -> None:
    process = start(tmp_path, "demo")
    assert process.stderr is not None
    assert process.stderr.readline().startswith("recado: starting the suite in .demo")

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, out, err) == (130, "", "")
    assert not (tmp_path / ".demo").exists()


def test_a_demo_on_a_broker_of_no_use_leaves_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, "demo", "--broker", "sqlite:///x.db?lease=never")

    assert done.returncode == 2
    assert "lease" in done.stderr.splitlines()[-1]
    assert not (tmp_path / ".demo").exists()
