"""An experiment in memory, and what it says of its file."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from recado_experiment import Experiment
from tests.unit.experiment.lengths import study_of
from tests.unit.experiment.live.seeing import Told


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
