"""An experiment is given another file."""

from __future__ import annotations

from pathlib import Path

import pytest

from recado_experiment import Experiment, StudyError
from tests.unit.experiment.lengths import CHANCY, UNLUCKY, study_of
from tests.unit.experiment.live.rewriting import by_rename
from tests.unit.experiment.live.seeing import SOON_S, Told, watchers, x


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
