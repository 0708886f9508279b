"""Wake-ups between processes: a datagram to whoever waits for a queue.

Each consumer binds a socket in its queue's folder; who publishes sends one byte to one of
them after the commit. A consumer that cannot take all that may be there passes the wake-up
on to the next, in the order of the names, so that it goes round to every one of them; the
byte says how many more it may reach. A datagram that gets lost costs the fallback's
quarter of a second, nothing else.
"""

from __future__ import annotations

import os
import socket
import time
from bisect import bisect_right
from collections.abc import Container
from contextlib import suppress
from pathlib import Path
from typing import Final

_MAX_HOPS: Final = 255
_COARSE_NS: Final = 50_000_000


class Ear:
    """The socket of one consumer, bound for as long as it consumes."""

    def __init__(self, folder: Path, queue: int, name: str) -> None:
        self._folder = folder / str(queue)
        self.path = str(self._folder / name)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self.socket.setblocking(False)
            self._bind()
        except BaseException:
            self.socket.close()
            raise

    def _bind(self) -> None:
        while True:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                os.unlink(self.path)
            # The last one to leave removes the folder, perhaps at this moment.
            with suppress(FileNotFoundError):
                self.socket.bind(self.path)
                return

    def drain(self) -> int:
        """Take every wake-up that waits; return the most hops that one may still make."""
        hops = 0
        while True:
            try:
                datagram = self.socket.recv(16)
            except (BlockingIOError, InterruptedError):
                return hops
            if datagram:
                hops = max(hops, datagram[0])

    def close(self) -> None:
        """Stop listening."""
        self.socket.close()
        with suppress(OSError):
            os.unlink(self.path)
        with suppress(OSError):  # others may listen there still
            self._folder.rmdir()


class Waker:
    """Sends wake-ups; knows who listens from the folders, read again when they change."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._known: dict[int, tuple[int, list[str]]] = {}
        self._turn = 0

    def wake(self, queue: int, count: int, *, but: Container[str] = ()) -> None:
        """Wake as many of a queue's consumers as there are messages, each once."""
        paths = [path for path in self._listeners(queue) if path not in but]
        self._turn += 1
        self._send(paths, self._turn, count, len(paths))

    def pass_on(self, queue: int, hops: int, path: str) -> None:
        """Wake the one after who listens at ``path``, and so many more at most."""
        paths = [each for each in self._listeners(queue) if each != path]
        self._send(paths, bisect_right(paths, path), 1, hops)

    def _send(self, paths: list[str], start: int, count: int, hops: int) -> None:
        byte = bytes([min(hops, _MAX_HOPS)])
        for index in range(len(paths)):
            if count <= 0:
                return
            count -= self._reaches(paths[(start + index) % len(paths)], byte)

    def _reaches(self, path: str, byte: bytes) -> bool:
        try:
            self._socket.sendto(byte, path)
        except BlockingIOError:
            return False  # its buffer is full: it is stopped, or very busy
        except (ConnectionRefusedError, FileNotFoundError):
            # Whoever listened there is dead.
            with suppress(OSError):
                os.unlink(path)
            return False
        except OSError:
            self._known.clear()
            return False
        return True

    def _listeners(self, queue: int) -> list[str]:
        folder = self._folder / str(queue)
        try:
            changed = os.stat(folder).st_mtime_ns
        except OSError:
            return []
        known = self._known.get(queue)
        if known is None or known[0] != changed:
            with suppress(OSError):
                known = (changed, sorted(str(folder / n) for n in os.listdir(folder)))
                # A folder's time has coarse steps: what changes twice within one
                # would not be seen, so a fresh listing is not kept.
                if time.time_ns() - changed > _COARSE_NS:
                    self._known[queue] = known
        return known[1] if known else []

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def sweep(folder: Path, worker: int) -> None:
    """Remove the sockets of a worker that is gone, and folders that nobody uses."""
    for path in folder.glob(f"[0-9]*/{worker}-*"):
        path.unlink(missing_ok=True)
        with suppress(OSError):  # others may listen there still
            path.parent.rmdir()
