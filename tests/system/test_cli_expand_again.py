"""A study gives the same text in any process, whatever Python's hashes are seeded with."""

from __future__ import annotations

from pathlib import Path

from tests.system.cli_process import run
from tests.unit.experiment.fuzz.mutations import OWN


def test_whatever_is_drawn_is_the_same_in_each_process(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(OWN, "utf-8")
    entered = ("expand", "generate", "study.toml", "-r", "1-50", "--blocks")

    made = [run(tmp_path, *entered, PYTHONHASHSEED=seed) for seed in ("0", "1", "4711")]

    assert [each.returncode for each in made] == [0, 0, 0]
    assert len({each.stdout for each in made}) == 1
    assert made[0].stdout.count('"participant_index"') >= 50
