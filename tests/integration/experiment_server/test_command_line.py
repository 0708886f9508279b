"""The two command lines beside each other: needs experiment-server, in release 0.3.9."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.integration.experiment_server.peer import Peer

SCRIPTS: Final = Path(sys.executable).parent
STUDY: Final = """
[configuration]
order = [["near", "far"], ["héllo", "dark"]]
groups_strategy = "latin_square"
within_groups_strategy = "randomize"
init_blocks = ["welcome"]
random_seed = 7
[configuration.variables]
TRIALS = 12
[[blocks]]
name = "welcome"
config = { text = "¡hola!", nothing = {}, none = [] }
[[blocks]]
name = "near"
[blocks.config]
trials = "$TRIALS"
small = 1e-7
great = 1e22
sides = { function_name = "choices", args = { population = ["left", "right"], k = 3 } }
[[blocks]]
name = "far"
extends = "near"
config = { deep = { deeper = [1, 2] } }
[[blocks]]
name = "héllo"
extends = "near"
[[blocks]]
name = "dark"
extends = "far"
config = { trials = 1 }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("both")
    Peer.installed(made)
    (made / "study.toml").write_text(STUDY, "utf-8")
    return made


def entered(folder: Path, program: str, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPTS / program), *args],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )


def ours(folder: Path, *args: str) -> str:
    return entered(folder, "recado", "expand", *args).stdout


def theirs(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return entered(folder, "experiment-server", *args)


def test_the_text_is_the_same_but_for_line_breaks(folder: Path) -> None:
    lines = ours(folder, "generate-config-json", "study.toml", "-r", "12").splitlines()

    assert len(lines) == 12
    assert "".join(lines) == theirs(folder, "g", "study.toml", "-r", "12").stdout
    assert ours(folder, "g", "study.toml", "-i", "3") == f"{lines[2]}\n"


def test_the_files_are_the_same(folder: Path) -> None:
    theirs(folder, "g", "study.toml", "-r", "3", "-d", "before")
    ours(folder, "g", "study.toml", "-r", "3", "-d", "after")

    before, after = (
        {file.name: file.read_bytes() for file in (folder / name).iterdir()}
        for name in ("before", "after")
    )
    assert len(before) == 3
    assert before == after


def test_the_table_shows_the_same_orders(folder: Path) -> None:
    said = theirs(folder, "v", "study.toml").stderr
    rows = [re.findall(r"[\w]+", line) for line in said.splitlines() if "│" in line]
    by_place = [row[1:] for row in rows if re.fullmatch(r"block_\d+", row[0])]

    told = json.loads(ours(folder, "v", "study.toml", "--json"))

    assert len(by_place) == 5
    assert [each["blocks"] for each in told] == [
        list(names) for names in zip(*by_place, strict=True)
    ]
