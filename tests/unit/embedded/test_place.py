"""Where an embedded broker lives, and which places it refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recado.errors import ConfigError
from recado.transport.embedded.place import (
    Place,
    check_file_system,
    file_system,
    prepare,
    read_url,
)

MOUNTS = """\
/dev/vda / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
server:/home /home nfs4 rw,vers=4.2 0 0
/dev/vdb /home/local ext4 rw 0 0
share /mnt/my\\040share cifs rw 0 0
overlay /data ext4 rw 0 0
server:/data /data nfs rw 0 0
"""


def test_a_url_names_a_file_and_options() -> None:
    place = read_url("sqlite:////var/b.db?durability=process&lease=5&ceiling=7")

    assert place == Place(Path("/var/b.db"), "process", 5.0, 7)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("/with%20space/b.db", "/with space/b.db"),
        ("/with space/b.db", "/with space/b.db"),
        ("/what%3F/b.db", "/what?/b.db"),
        ("/100%25/b.db", "/100%/b.db"),
        ("/José/✓.db", "/José/✓.db"),
        ("/a%23b/b#c.db", "/a#b/b#c.db"),
    ],
)
def test_a_path_may_have_any_character(written: str, meant: str) -> None:
    assert read_url(f"sqlite:///{written}").path == Path(meant)


def test_all_names_of_a_file_are_one_place(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "real" / "other.db").symlink_to("b.db")

    names = ["real/b.db", "folder/b.db", "real/../real/b.db", "folder/other.db"]
    places = {read_url(f"sqlite:///{tmp_path}/{name}") for name in names}

    assert places == {Place(tmp_path / "real" / "b.db")}


def test_a_broker_in_memory_has_no_path() -> None:
    assert read_url("sqlite:///:memory:").path is None


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:b.db", "want sqlite:///PATH"),
        ("sqlite:///", "names no file"),
        ("sqlite:///b.db?durabilty=disk", "did you mean 'durability'"),
        ("sqlite:///b.db?durability=most", "disk or process"),
        ("sqlite:///b.db?lease=0.1", r"0\.5 to 86400"),
        ("sqlite:///b.db?lease=nan", r"0\.5 to 86400"),
        ("sqlite:///b.db?lease=soon", "a number of seconds"),
        ("sqlite:///b.db?ceiling=0", "from 1 to"),
        ("sqlite:///b.db?ceiling=²", "from 1 to"),
        ("sqlite:///b%00.db", "zero byte"),
    ],
)
def test_a_url_that_cannot_be_meant_is_refused(url: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read_url(url)


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv", "ext4"),
        ("/home/me/.recado", "nfs4"),
        ("/home/local/me", "ext4"),
        ("/homework", "ext4"),
        ("/mnt/my share/x", "cifs"),
        ("/data", "nfs"),
    ],
)
def test_the_file_system_is_that_of_the_nearest_mount(folder: str, kind: str) -> None:
    assert file_system(Path(folder), MOUNTS) == kind


def test_nothing_is_known_where_mounts_cannot_be_read() -> None:
    assert file_system(Path("/srv"), "") == ""


@pytest.mark.parametrize(
    "path", ["/home/me/b.db", "/mnt/my share/b.db", "/data/new/folder/b.db"]
)
def test_a_network_file_system_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match=r"network file system .*local disk"):
        check_file_system(Path(path), MOUNTS)


def test_a_local_file_system_is_not_refused() -> None:
    check_file_system(Path("/home/local/b.db"), MOUNTS)


def test_sockets_are_beside_the_file_unless_their_paths_would_be_too_long() -> None:
    short = Place(Path("/srv/b.db"))
    long = Place(Path(f"/srv/{'x' * 100}/b.db"))
    other = Place(Path(f"/srv/{'x' * 101}/b.db"))

    assert short.sockets == short.presence
    assert len(str(long.sockets)) <= 72
    assert long.sockets != other.sockets


def test_the_folder_of_the_sockets_does_not_depend_on_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = Place(Path(f"/srv/{'x' * 100}/b.db"))
    before = place.sockets

    monkeypatch.setenv("TMPDIR", "/var/tmp")

    assert place.sockets == before


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        prepare(Place(tmp_path))

    assert list(tmp_path.parent.glob(f"{tmp_path.name}.run")) == []


def test_a_file_where_a_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match="cannot make its folder"):
        prepare(Place(tmp_path / "file" / "b.db"))


def test_a_name_that_no_file_can_have_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="too long"):
        prepare(Place(tmp_path / ("x" * 300)))


def test_a_folder_for_sockets_that_somebody_else_put_there_is_refused(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path / ("x" * 100) / "b.db")
    place.sockets.symlink_to(tmp_path)
    try:
        with pytest.raises(ConfigError, match="or is a link"):
            prepare(place)
    finally:
        place.sockets.unlink()


def test_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    place = Place(tmp_path / "new" / "b.db")

    prepare(place)

    assert os.stat(place.presence).st_mode & 0o777 == 0o700


def test_a_broker_in_memory_needs_no_folder() -> None:
    prepare(Place(None))
