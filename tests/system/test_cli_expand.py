"""Many participants expanded by the command: its bar, its pipes, its end."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.cli_process import PATIENCE_S, run, start, variables

STUDY = """
[configuration]
order = [["a", "b"]]
within_groups_strategy = "randomize"
[[blocks]]
name = "a"
config = { sides = { function_name = "choices", args = { population = ["l", "r"], k = 3 } } }
[[blocks]]
name = "b"
extends = "a"
"""
ENDLESS = "1-999999999999"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path


def on_a_terminal(folder: Path, *args: str, out: int) -> tuple[int, str]:
    """Run the command with a terminal as its standard error; return what that showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "recado_cli", "expand", "generate", *args],
        cwd=folder,
        env=variables(folder) | {"TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=theirs if out < 0 else out,
        stderr=theirs,
    )
    os.close(theirs)
    shown = bytearray()
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:  # how a terminal says that nobody has it open any more
        pass
    os.close(ours)
    return process.wait(PATIENCE_S), shown.decode()


def test_a_bar_on_standard_error_leaves_standard_out_alone(folder: Path) -> None:
    plain = run(folder, "expand", "generate", "study.toml", "-r", "3000")
    with (folder / "out").open("w") as out:
        code, shown = on_a_terminal(
            folder, "study.toml", "-r", "3000", out=out.fileno()
        )

    assert (code, plain.returncode, plain.stderr) == (0, 0, "")
    assert (folder / "out").read_text() == plain.stdout
    assert len(plain.stdout.splitlines()) == 3000
    assert "/3000" in shown
    assert shown.endswith("\x1b[2K"), "the line of the bar is empty again"
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h"), (
        "and the cursor is back"
    )


def test_files_have_a_bar_too_that_is_gone_before_they_are_counted(
    folder: Path,
) -> None:
    args = ["study.toml", "-r", "1000", "-d", "made"]
    code, shown = on_a_terminal(folder, *args, out=-1)

    assert code == 0
    assert "/1000" in shown
    assert shown.endswith("\x1b[2Krecado: 1000 files written to made\r\n")


@pytest.mark.parametrize("number", ["1000", "999"])
def test_lines_on_a_terminal_have_no_bar_among_them(folder: Path, number: str) -> None:
    code, shown = on_a_terminal(folder, "study.toml", "-r", number, out=-1)

    assert code == 0
    assert len(shown.splitlines()) == int(number)
    assert "\x1b" not in shown


def test_whoever_reads_one_line_of_many_ends_it_quietly(folder: Path) -> None:
    process = start(folder, "expand", "generate", "study.toml", "-r", ENDLESS)
    assert process.stdout is not None
    assert process.stderr is not None

    with process.stdout, process.stderr:
        assert process.stdout.readline().startswith('[{"sides": ')
        process.stdout.close()

        assert process.wait(PATIENCE_S) == 0
        assert process.stderr.read() == ""


@pytest.mark.parametrize("flags", [(), ("-d", "made")])
def test_ctrl_c_ends_it_without_a_word(folder: Path, flags: tuple[str, ...]) -> None:
    (folder / "made").mkdir()
    args = ["expand", "generate", "study.toml", "-r", ENDLESS, *flags]
    process = start(folder, *args)
    assert process.stdout is not None

    if flags:
        while not any((folder / "made").iterdir()):
            assert process.poll() is None
    else:
        process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, error) == (130, "")
    files = [file.read_text() for file in (folder / "made").iterdir()]
    assert all(text.endswith("\n]") for text in files)
    assert not list((folder / "made").glob(".*"))


def test_a_full_standard_out_is_one_line(folder: Path) -> None:
    with Path("/dev/full").open("w") as full:
        process = start(
            folder, "expand", "generate", "study.toml", "-r", ENDLESS,
            stdout=full.fileno(),
        )  # fmt: skip
        _, error = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 1
    assert error == "recado: standard out: No space left on device\n"


def test_no_memory_is_kept_of_participants_who_are_done(folder: Path) -> None:
    def peak_kib(number: int) -> int:
        args = ["expand", "generate", "study.toml", "-r", str(number), "--jsonl"]
        process = start(folder, *args, stdout=subprocess.DEVNULL)
        _, process.returncode, usage = os.wait4(process.pid, 0)
        _, error = process.communicate()
        assert (process.returncode, error) == (0, "")
        return usage.ru_maxrss

    few, many = peak_kib(100), peak_kib(20_000)

    assert many - few < 8 * 1024, f"{few} KiB for 100, {many} KiB for 20,000"
