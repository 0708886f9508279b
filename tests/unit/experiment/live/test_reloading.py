"""What becomes of an experiment when its file has changed, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from recado_experiment import Experiment, StudyError
from tests.unit.experiment.lengths import CHANCY, UNLUCKY, study_of
from tests.unit.experiment.live.rewriting import by_rename, in_place
from tests.unit.experiment.live.seeing import SOON_S, Told, x


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
