"""Where an embedded broker lives: its URL read, its folder checked.

``sqlite:///relative.db``, ``sqlite:////absolute.db`` or ``sqlite:///:memory:``, and after a
question mark ``durability=disk|process``, ``lease=SECONDS``, ``ceiling=N``.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from recado.config import shown
from recado.errors import ConfigError
from recado.transport.options import CEILING, one_of, read_options, seconds

# fmt: off
_NETWORK: Final = frozenset({
    "nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "9p", "afs", "ceph", "lustre",
    "glusterfs", "gpfs", "beegfs", "ncpfs", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph",
    "fuse.s3fs", "fuse.rclone",
})
# fmt: on
_SOCKET_FOLDER_LIMIT: Final = 72
"""A Unix socket's path is 103 bytes at most (macOS); those below it need up to 30."""


@dataclass(frozen=True, slots=True)
class Place:
    """A broker's database and options; ``path`` is none for one in memory."""

    path: Path | None
    durability: str = "disk"
    lease_s: float = 30.0
    ceiling: int = 20

    @property
    def presence(self) -> Path:
        """The folder of lock files, beside the database."""
        assert self.path is not None
        return self.path.with_name(self.path.name + ".run")

    @property
    def sockets(self) -> Path:
        """The folder of wake-up sockets; elsewhere if the database's path is long."""
        beside = self.presence
        if len(os.fsencode(beside)) <= _SOCKET_FOLDER_LIMIT:
            return beside
        digest = hashlib.sha256(os.fsencode(beside)).hexdigest()[:12]
        # Not the folder that TMPDIR names: each process may have another one.
        return Path("/tmp") / f"recado-{os.getuid()}-{digest}"


def read_url(url: str) -> Place:
    """Return the place that a URL names.

    Raises:
        ConfigError: if it is no such URL, or an option is unknown or out of range.
    """
    scheme, separator, rest = url.partition(":///")
    if scheme != "sqlite" or not separator:
        raise ConfigError(
            f"broker {shown(url)!r}: want sqlite:///PATH, for example {_EXAMPLE}"
        )
    name, _, query = rest.partition("?")
    if not name:
        raise ConfigError(
            f"broker {shown(url)!r} names no file; for example {_EXAMPLE}"
        )
    options = _options(url, query)
    if name == ":memory:":
        return Place(None, **options)
    path = unquote(name)
    if "\0" in path:
        raise ConfigError(f"broker {shown(url)!r}: its path has a zero byte in it")
    # SQLite follows links to a file; the folder beside it must be one for all names.
    return Place(Path(os.path.realpath(path)), **options)


_EXAMPLE: Final = "sqlite:///.recado/broker.db"


def _options(url: str, query: str) -> dict[str, Any]:
    try:
        given = read_options(query, _KNOWN)
    except ValueError as error:
        raise ConfigError(f"broker {shown(url)!r}: {error}") from None
    if "lease" in given:
        given["lease_s"] = given.pop("lease")
    return given


_KNOWN: Final = {
    "durability": one_of("disk", "process"),
    "lease": seconds(0.5, 86_400),
    "ceiling": CEILING,
}


def prepare(place: Place) -> None:
    """Make the folders that a broker needs.

    Raises:
        ConfigError: if they cannot be made, or lie on a network file system, on which
            SQLite's locks and the wake-ups do not work between hosts.
    """
    if place.path is None:
        return
    check_file_system(place.path, _mounts())
    try:
        if place.path.is_dir():
            raise ConfigError(f"broker {place.path}: is a folder, and should be a file")
        place.path.parent.mkdir(parents=True, exist_ok=True)
        place.presence.mkdir(mode=0o700, exist_ok=True)
        place.sockets.mkdir(mode=0o700, exist_ok=True)
        _check_owner(place.sockets)
    except OSError as error:
        raise ConfigError(
            f"broker {place.path}: cannot make its folder: {error.strerror or error}"
        ) from error


def check_file_system(path: Path, mounts: str) -> None:
    """Refuse a path on a network file system; ``mounts`` as for :func:`file_system`.

    Raises:
        ConfigError: with the file system's type.
    """
    kind = file_system(path.parent, mounts)
    if kind in _NETWORK:
        raise ConfigError(
            f"broker {path}: lies on a network file system ({kind}), which the "
            "embedded broker cannot use; put it on a local disk, or use amqp:// or stomp://"
        )


def _check_owner(folder: Path) -> None:
    """Refuse a folder that somebody else has put where this process looks for its own."""
    found = os.lstat(folder)
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
        raise ConfigError(
            f"{folder} belongs to another user, or is a link; the embedded broker wants"
            " a folder of its own there, and one user for all its processes"
        )


def _mounts() -> str:
    try:
        return Path("/proc/self/mounts").read_text(errors="surrogateescape")
    except OSError:
        return ""


def file_system(folder: Path, mounts: str) -> str:
    """Return the type of the file system that a folder is on; empty if not known.

    ``mounts`` is the text of ``/proc/self/mounts``.
    """
    real = folder.resolve()
    best, kind = -1, ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = Path(fields[1].encode().decode("unicode_escape"))
        length = len(point.parts)
        # A later mount on the same point hides the earlier one.
        if length >= best and real.is_relative_to(point):
            best, kind = length, fields[2]
    return kind
