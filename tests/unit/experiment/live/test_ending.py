"""Experiments that do not begin, are closed, or are forgotten."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

from recado_experiment import Experiment, StudyError
from tests.unit.experiment.lengths import study_of
from tests.unit.experiment.live.rewriting import by_rename, in_place
from tests.unit.experiment.live.seeing import SOON_S, Told, watchers, x


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("missing.toml", None, FileNotFoundError),
        ("broken.toml", "order = ", StudyError),
        ("latin.toml", b"# caf\xe9", StudyError),
        ("study.txt", "", StudyError),
    ],
)
def test_an_experiment_does_not_begin_with_a_file_that_cannot_be_used(
    tmp_path: Path, name: str, text: str | bytes | None, error: type[Exception]
) -> None:
    if text is not None:
        file = tmp_path / name
        file.write_bytes(text.encode() if isinstance(text, str) else text)

    with pytest.raises(error):
        Experiment(tmp_path / name)

    assert watchers() == []


def test_a_closed_experiment_goes_on_without_its_file(
    experiment: Experiment, file: Path, told: Told
) -> None:
    experiment.close()
    experiment.close()

    assert watchers() == []
    in_place(file, study_of(3, x=7))
    assert experiment.move_to_next() == "b0"
    assert x(experiment) == 0
    assert told.calls.empty()
    assert experiment.reload() is True
    assert x(experiment) == 7


def test_setting_the_file_of_a_closed_experiment_opens_it(
    experiment: Experiment, file: Path, told: Told
) -> None:
    experiment.close()
    experiment.config_file = file

    by_rename(file, study_of(3, x=7))

    told.wait(True)
    assert x(experiment) == 7


def test_an_experiment_that_nobody_holds_watches_no_more(file: Path) -> None:
    experiment = Experiment(file)
    state, gone = experiment.get_participant_state(1), weakref.ref(experiment)
    (watcher,) = watchers()

    del experiment, state
    gc.collect()

    assert gone() is None
    watcher.join(SOON_S)
    assert not watcher.is_alive()


def test_a_callback_may_close_the_experiment(
    experiment: Experiment, file: Path
) -> None:
    told = Told()

    def close(is_usable: bool) -> None:
        experiment.close()
        told(is_usable)

    experiment.on_file_change_callback.append(close)
    (watcher,) = watchers()
    by_rename(file, study_of(3, x=7))

    told.wait(True)
    watcher.join(SOON_S)
    assert not watcher.is_alive()


def test_a_folder_that_cannot_be_watched_is_told_and_the_rest_works(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def watch(*_: object, **__: object) -> None:
        raise OSError("no watches are left")

    monkeypatch.setattr("watchfiles.watch", watch)

    with caplog.at_level(logging.WARNING), Experiment(file) as experiment:
        assert experiment.move_to_next() == "b0"

    assert f"changes of {file} go unnoticed: no watches are left" in caplog.text


def run(code: str, file: Path) -> subprocess.CompletedProcess[str]:
    """Run a script that has the file as its argument."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, file],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_process_ends_though_its_experiment_was_never_closed(file: Path) -> None:
    ended = run(
        "import sys; from recado_experiment import Experiment\n"
        "experiment = Experiment(sys.argv[1])\n"
        "print(experiment.move_to_next())",
        file,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "b0\n", "")


def test_a_process_ends_though_somebody_who_is_told_hangs(file: Path) -> None:
    ended = run(
        "import os, sys, threading; from recado_experiment import Experiment\n"
        "told = threading.Event()\n"
        "experiment = Experiment(sys.argv[1])\n"
        "experiment.on_file_change_callback.append(\n"
        "    lambda _: (told.set(), threading.Event().wait()))\n"
        "os.utime(sys.argv[1])\n"
        "print(told.wait(20))",
        file,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "True\n", "")


def test_who_has_no_experiment_imports_no_watching() -> None:
    ended = run(
        "import sys, recado_experiment\n"
        "print({'watchfiles', 'anyio', 'asyncio', 'structlog'} & {*sys.modules})",
        Path(os.devnull),
    )

    assert ended.stdout == "set()\n"
