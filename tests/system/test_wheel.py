"""The wheel and the source distribution: built, installed where nothing else is, and run."""

from __future__ import annotations

import json
import subprocess
import tarfile
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.page import Ids, blocks
from tests.system.cli_process import Up
from tests.system.installing import (
    ROOT,
    called,
    environment,
    need_index,
    pip,
    variables,
)

README = ROOT / "README.md"
PLUGIN = ROOT / "tests" / "plugin"
RECIPE = {"1": {"queue": "shout"}, "start": [[1, {"text": "read me"}]]}
pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True, slots=True)
class Built:
    """The two distributions, and an environment with the wheel and a plug-in in it."""

    source: Path
    wheel: Path
    environment: Path

    def recado(self, cwd: Path, *args: str) -> subprocess.CompletedProcess[str]:
        """Run the command of the wheel."""
        return called(
            self.environment, str(self.environment / "bin/recado"), *args, cwd=cwd
        )

    @contextmanager
    def up(self, cwd: Path) -> Generator[Up]:
        """Have the suite run for the length of a block, from when it is ready."""
        process = subprocess.Popen(
            [self.environment / "bin/recado", "up", "--log-format", "json"],
            cwd=cwd,
            env=variables(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        suite = Up(process)
        try:
            suite.until_event("up.ready")
            yield suite
            assert suite.end() == 0
        finally:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The wheel is built from the source distribution, so that one is complete."""
    folder = tmp_path_factory.mktemp("wheel")
    need_index(folder)
    builder = environment(folder / "builder", "hatchling")
    build = ("python", "-m", "hatchling", "build", "--target", "sdist")
    done = called(builder, *build, "--directory", str(folder), cwd=ROOT)
    assert done.returncode == 0, done.stderr
    (source,) = folder.glob("recado-*.tar.gz")
    pip(builder, "wheel", "--quiet", "--no-deps", str(source), cwd=folder)
    (wheel,) = folder.glob("recado-*.whl")
    clean = environment(folder / "clean", str(wheel), str(PLUGIN))
    return Built(source, wheel, clean)


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A folder with nothing in it, where the command finds only what it brings along."""
    return tmp_path


def packages() -> set[str]:
    """Return the names of the packages that belong into the wheel."""
    marks = [*ROOT.glob("libs/*/*/py.typed"), *ROOT.glob("services/*/py.typed")]
    return {mark.parent.name for mark in marks}


def test_the_wheel_has_every_package_typed_and_nothing_else(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        names = set(wheel.namelist())
    tops = {name.partition("/")[0] for name in names}

    assert {top for top in tops if not top.endswith(".dist-info")} == packages()
    assert {f"{package}/py.typed" for package in packages()} <= names
    assert not [name for name in names if "test_" in name or name.endswith(".pyc")]
    assert [name for name in names if name.endswith("/licenses/LICENSE")]


def test_the_source_distribution_has_what_people_read(built: Built) -> None:
    with tarfile.open(built.source) as source:
        names = {name.partition("/")[2] for name in source.getnames()}

    assert {"README.md", "CHANGELOG.md", "LICENSE", "recipes/study.toml"} <= names
    assert not [name for name in names if name.startswith(("tests/", ".venv/"))]


def test_what_is_installed_fits_together(built: Built, empty: Path) -> None:
    assert (
        pip(built.environment, "check", cwd=empty) == "No broken requirements found.\n"
    )


def test_the_command_says_what_it_is(built: Built, empty: Path) -> None:
    version = built.wheel.name.split("-")[1]

    assert built.recado(empty, "--version").stdout == f"recado {version}\n"
    assert "Commands:" in built.recado(empty, "--help").stdout


def test_the_doctor_finds_nothing_wrong(built: Built, empty: Path) -> None:
    done = built.recado(empty, "doctor", "--json")

    assert done.returncode == 0, done.stderr
    findings = {each["check"]: each for each in json.loads(done.stdout)["findings"]}
    assert findings["services"]["verdict"] == "fine"
    assert "shout" in findings["services"]["text"].split(", ")


def test_a_study_runs_from_start_to_end(built: Built, empty: Path) -> None:
    done = built.recado(empty, "demo", "--json")

    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert (outcome["participants"], outcome["rehearsed"]) == (24, 23)


def test_the_demo_prints_what_the_readme_shows(built: Built, empty: Path) -> None:
    consoles = [each for each in blocks(README) if each.kind == "console"]
    (shown,) = [
        lines
        for console in consoles
        for command, lines in console.commands()
        if command == "make demo"
    ]

    Ids().compare(shown, built.recado(empty, "demo").stdout)


def test_a_service_of_somebody_elses_is_found_and_run(
    built: Built, empty: Path
) -> None:
    (empty / "loud.json").write_text(json.dumps(RECIPE))

    with built.up(empty) as suite:
        done = built.recado(empty, "go", "-f", "loud.json", "--wait", "--timeout", "30")
        run = built.recado(empty, "run", "show", done.stdout.strip(), "--json")

    assert done.returncode == 0, done.stderr
    assert "shout" in {it["service"] for it in suite.log}
    (step,) = json.loads(run.stdout)["run"]["steps"]
    assert (step["service"], step["handled"]) == ("shout", 1)
