"""An experiment's file: followed, replaced, broken, and left in peace in the end."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import subprocess
import sys
import weakref
from collections.abc import Callable, Generator
from pathlib import Path
from queue import Queue
from threading import Thread
from threading import enumerate as threads

import pytest

from recado_experiment import Experiment, StudyError
from tests.unit.experiment.lengths import CHANCY, UNLUCKY, study_of

SOON_S = 20.0
"""Far longer than it takes until a change is told, on the busiest machine."""

Write = Callable[[Path, str], None]


class Told:
    """A callback; what it was called with waits to be taken."""

    def __init__(self) -> None:
        self.calls: Queue[bool] = Queue()

    def __call__(self, is_usable: bool) -> None:
        self.calls.put(is_usable)

    def wait(self, is_usable: bool) -> None:
        """Wait until it is told this; a file that is being written may be broken first."""
        while self.calls.get(timeout=SOON_S) is not is_usable:
            pass


def in_place(file: Path, text: str) -> None:
    file.write_text(text)


def by_rename(file: Path, text: str) -> None:
    other = file.with_suffix(".new")
    other.write_text(text)
    other.replace(file)


def with_a_backup(file: Path, text: str) -> None:
    file.rename(file.with_suffix(".toml~"))
    file.write_text(text)


def from_nothing(file: Path, text: str) -> None:
    file.unlink()
    file.write_text(text)


def by_a_link(file: Path, text: str) -> None:
    target = file.with_name("elsewhere")
    target.mkdir()
    (target / "version-2").write_text(text)
    link = file.with_suffix(".link")
    link.symlink_to(target / "version-2")
    link.replace(file)


def with_its_folder(file: Path, text: str) -> None:
    shutil.rmtree(file.parent)
    file.parent.mkdir()
    file.write_text(text)


def with_the_folder_above(file: Path, text: str) -> None:
    shutil.rmtree(file.parent.parent)
    file.parent.mkdir(parents=True)
    file.write_text(text)


def by_another_folder(file: Path, text: str) -> None:
    other = file.parent.with_name("other")
    other.mkdir()
    (other / file.name).write_text(text)
    file.parent.rename(file.parent.with_name("former"))
    other.rename(file.parent)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "lab" / "studies" / "study.toml"
    file.parent.mkdir(parents=True)
    file.write_text(study_of(3))
    return file


@pytest.fixture
def experiment(file: Path) -> Generator[Experiment]:
    with Experiment(file) as experiment:
        yield experiment


@pytest.fixture
def told(experiment: Experiment) -> Told:
    """What the experiment says of its file."""
    told = Told()
    experiment.on_file_change_callback.append(told)
    return told


def x(experiment: Experiment, participant: int = 1) -> object:
    """Return what tells a study from another."""
    return experiment.get_all_configs(participant)[0]["x"]


def watchers() -> list[Thread]:
    return [thread for thread in threads() if thread.name.startswith("watch ")]


@pytest.mark.parametrize(
    "write",
    [
        in_place,
        by_rename,
        with_a_backup,
        from_nothing,
        by_a_link,
        with_its_folder,
        with_the_folder_above,
        by_another_folder,
    ],
)
def test_a_file_that_changes_is_followed(
    experiment: Experiment, file: Path, told: Told, write: Write
) -> None:
    experiment.move_to_block(1)

    write(file, study_of(3, x=7))

    told.wait(True)
    assert x(experiment) == 7
    assert experiment.get_place().name == "b1"
    in_place(file, study_of(3, x=8))
    while x(experiment) != 8:
        told.wait(True)


def test_a_folder_that_comes_back_later_is_followed(
    experiment: Experiment, file: Path, told: Told
) -> None:
    shutil.rmtree(file.parent.parent)
    told.wait(False)
    assert x(experiment) == 0

    file.parent.mkdir(parents=True)
    file.write_text(study_of(3, x=7))

    told.wait(True)
    assert x(experiment) == 7


def test_a_file_that_changes_once_more_is_followed(
    experiment: Experiment, file: Path, told: Told
) -> None:
    for number in range(1, 4):
        by_rename(file, study_of(3, x=number))
        told.wait(True)
        assert x(experiment) == number


def test_the_file_that_a_link_leads_to_is_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.mkdir()
    (target / "real.toml").write_text(study_of(3))
    link = tmp_path / "study.toml"
    link.symlink_to(target / "real.toml")
    told = Told()

    with Experiment(link) as experiment:
        experiment.on_file_change_callback.append(told)
        by_rename(target / "real.toml", study_of(3, x=7))

        told.wait(True)
        assert x(experiment) == 7


@pytest.mark.parametrize("path", ["study.toml", "current/study.toml"])
def test_links_that_lead_elsewhere_time_and_again_are_followed(
    tmp_path: Path, path: str
) -> None:
    """As releases are put in place, or what a cluster mounts."""

    def release(number: int) -> None:
        folder = tmp_path / f"release-{number}"
        folder.mkdir()
        (folder / "study.toml").write_text(study_of(3, x=number))
        (tmp_path / "next").symlink_to(folder.name)
        (tmp_path / "next").replace(tmp_path / "current")

    release(1)
    (tmp_path / "study.toml").symlink_to("current/study.toml")
    told = Told()
    with Experiment(tmp_path / path) as experiment:
        experiment.on_file_change_callback.append(told)
        for number in (2, 3):
            release(number)
            shutil.rmtree(tmp_path / f"release-{number - 1}")
            while x(experiment) != number:
                told.wait(True)


def test_links_that_go_round_in_circles_are_no_file(tmp_path: Path) -> None:
    (tmp_path / "study.toml").symlink_to("study.toml")

    with pytest.raises(OSError, match="symbolic links"):
        Experiment(tmp_path / "study.toml")

    assert watchers() == []


def test_other_files_of_the_folder_are_nothing_to_an_experiment(
    experiment: Experiment, file: Path, told: Told
) -> None:
    seen: list[object] = []
    experiment.on_file_change_callback.insert(0, lambda _: seen.append(x(experiment)))
    other, neighbours = file.with_name("other.toml"), Told()
    other.write_text(study_of(3))

    with Experiment(other) as neighbour:
        neighbour.on_file_change_callback.append(neighbours)
        by_rename(other, study_of(3, x=1))
        neighbours.wait(True)
    by_rename(file, study_of(3, x=7))

    while x(experiment) != 7:
        told.wait(True)
    assert seen == [7]


def test_a_broken_file_leaves_the_former_configuration(
    experiment: Experiment,
    file: Path,
    told: Told,
    caplog: pytest.LogCaptureFixture,
) -> None:
    by_rename(file, "order = ")

    told.wait(False)
    assert x(experiment) == 0
    assert "the former configuration stays: study.toml: line 1: " in caplog.text
    by_rename(file, study_of(3, x=7))
    told.wait(True)
    assert x(experiment) == 7


def test_a_file_that_is_gone_leaves_the_former_configuration(
    experiment: Experiment, file: Path, told: Told
) -> None:
    file.unlink()

    told.wait(False)
    assert x(experiment) == 0


def test_a_file_that_cannot_serve_everybody_serves_nobody(
    experiment: Experiment, file: Path
) -> None:
    for participant in range(2, 10):
        experiment.add_participant_index(participant)
    in_place(file, CHANCY)

    assert experiment.reload() is False
    with pytest.raises(StudyError, match=f"participant {UNLUCKY[0]}: "):
        experiment.reset_participant(1)
    assert [experiment.get_blocks_count(number) for number in range(1, 10)] == [3] * 9


def test_a_shorter_file_puts_who_is_beyond_it_at_the_end(
    experiment: Experiment, file: Path
) -> None:
    state = experiment.get_participant_state(1)
    state.block_id = 2

    in_place(file, study_of(1))
    experiment.reload()

    assert (state.block_id, state.block_name, state.active) == (1, "END", False)
    assert experiment.get_config() is None


def test_what_was_changed_in_a_config_is_gone_when_the_file_has_changed(
    experiment: Experiment,
) -> None:
    experiment.get_all_configs()[0]["x"] = "mine"

    assert experiment.reload() is True
    assert x(experiment) == 0


def test_a_reset_reads_the_file_anew(experiment: Experiment, file: Path) -> None:
    in_place(file, study_of(3, x=7))

    experiment.reset_participant()

    assert x(experiment) == 7


def test_a_relative_path_means_the_same_file_wherever_the_process_goes(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    with Experiment(file.name) as experiment:
        monkeypatch.chdir("/")
        in_place(file, study_of(3, x=7))

        assert experiment.reload() is True
        assert x(experiment) == 7
        assert experiment.config_file == Path(file.name)


def test_a_change_while_the_file_is_read_for_the_first_time_is_not_missed(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tellers: list[Thread] = []
    read_bytes = Path.read_bytes

    def read_and_change(path: Path) -> bytes:
        text = read_bytes(path)
        if len(tellers) == 1:
            by_rename(path, study_of(3, x=7))
            tellers[0].start()
            tellers[0].join(0.1)  # until it waits for the first reading
            tellers.append(tellers[0])
        return text

    class Teller:
        """A watch that tells as soon as the file has changed."""

        def __init__(self, file: Path, tell: Callable[[], object]) -> None:
            self.file = file
            tellers.append(Thread(target=tell))

        def stop(self) -> None:
            pass

    monkeypatch.setattr("recado_experiment.live.experiment.Watch", Teller)
    monkeypatch.setattr(Path, "read_bytes", read_and_change)

    experiment = Experiment(file)

    tellers[0].join(SOON_S)
    assert x(experiment) == 7


def test_a_callback_that_fails_keeps_nobody_from_hearing(
    experiment: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    told = Told()

    def fail(_: bool) -> None:
        raise ValueError("no window to draw in")

    experiment.on_file_change_callback += [fail, told]

    assert experiment.reload() is True
    told.wait(True)
    assert "no window to draw in" in caplog.text


def test_a_callback_may_use_the_experiment(experiment: Experiment, file: Path) -> None:
    told = Told()

    def move(is_usable: bool) -> None:
        experiment.move_to_next()
        with_others = Thread(target=experiment.move_to_next)
        with_others.start()
        with_others.join()
        told(is_usable)

    experiment.on_file_change_callback.append(move)
    by_rename(file, study_of(3, x=7))

    told.wait(True)
    assert experiment.get_place().name == "b1"


def test_another_file_puts_everybody_back(experiment: Experiment, file: Path) -> None:
    told = Told()
    experiment.on_config_change_callback.append(told)
    experiment.add_participant_index(2)
    experiment.move_to_block(1, 1)
    experiment.move_to_block(3, 2)
    other = file.with_name("other.toml")
    other.write_text(study_of(5, x=7))

    experiment.config_file = other

    told.wait(True)
    assert experiment.config_file == other
    places = [experiment.get_place(participant) for participant in (1, 2)]
    assert [(place.position, place.length) for place in places] == [(-1, 5)] * 2


def test_another_file_is_followed_and_the_former_one_is_not(
    experiment: Experiment, file: Path, told: Told
) -> None:
    (file.parent / "other").mkdir()
    other = file.parent / "other" / "other.toml"
    other.write_text(study_of(3, x=1))
    former = watchers()

    experiment.config_file = str(other)

    for thread in former:
        thread.join(SOON_S)
        assert not thread.is_alive()
    by_rename(other, study_of(3, x=7))
    told.wait(True)
    assert x(experiment) == 7


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("missing.toml", None, FileNotFoundError),
        ("broken.toml", "order = ", StudyError),
        ("study.txt", study_of(3), StudyError),
        ("chancy.toml", CHANCY, StudyError),
        ("no-folder/study.toml", None, FileNotFoundError),
    ],
)
def test_a_file_that_cannot_be_used_changes_nothing(
    experiment: Experiment,
    file: Path,
    told: Told,
    name: str,
    text: str | None,
    error: type[Exception],
) -> None:
    failed = Told()
    experiment.on_config_change_callback.append(failed)
    experiment.add_participant_index(UNLUCKY[0])
    experiment.move_to_block(1)
    if text is not None:
        (file.parent / name).write_text(text)

    with pytest.raises(error):
        experiment.config_file = file.parent / name

    failed.wait(False)
    assert experiment.config_file == file
    assert experiment.get_place().name == "b1"
    by_rename(file, study_of(3, x=7))
    told.wait(True)
    assert x(experiment) == 7


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
