"""Files that are there as a whole, or as they were."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from recado_cli.expand.writing import write_new, write_whole


def interrupted(self: Path, target: Path) -> Path:
    """Be interrupted right before a file gets its name."""
    raise KeyboardInterrupt


def test_a_file_is_new_or_stays(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    write_new(file, b"first")

    with pytest.raises(FileExistsError):
        write_new(file, b"second")

    assert file.read_bytes() == b"first"


def test_whoever_interrupts_finds_the_former_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "one.json"
    write_whole(file, b"former")
    monkeypatch.setattr(Path, "replace", interrupted)

    with pytest.raises(KeyboardInterrupt):
        write_whole(file, b"later")

    assert [each.name for each in tmp_path.iterdir()] == ["one.json"]
    assert file.read_bytes() == b"former"


def limited() -> None:
    """Let no file grow beyond 100 bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


@pytest.mark.parametrize("write", [write_new, write_whole])
def test_what_finds_no_room_leaves_nothing_and_is_named(
    tmp_path: Path, write: Callable[[Path, bytes], None]
) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        f"from recado_cli.expand.writing import {write.__name__}\n"
        "try:\n"
        f"    {write.__name__}(Path('one.json'), b'x' * 1000)\n"
        "except OSError as error:\n"
        "    sys.stdout.write(f'{error.filename}: {error.strerror}')\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=limited,
    )

    assert done.stdout == "one.json: File too large"
    assert list(tmp_path.iterdir()) == []
