"""An experiment's file is followed, however it is replaced."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from recado_experiment import Experiment
from tests.unit.experiment.lengths import study_of
from tests.unit.experiment.live.rewriting import (
    Write,
    by_a_link,
    by_another_folder,
    by_rename,
    from_nothing,
    in_place,
    with_a_backup,
    with_its_folder,
    with_the_folder_above,
)
from tests.unit.experiment.live.seeing import Told, watchers, x


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
