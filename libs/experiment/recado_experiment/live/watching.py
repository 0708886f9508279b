"""Watch a file from a thread: the system tells of changes, nobody looks for them."""

from __future__ import annotations

import atexit
import logging
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread, current_thread
from typing import Final
from weakref import WeakMethod

GRACE_S: Final = 1.0
"""How long its end waits for somebody who is being told."""

log = logging.getLogger(__name__)


class Watch:
    """Tells of each change of a file, written in place or replaced by a rename.

    It watches from when it is made, until ``stop``, or until the object whose method it
    calls is gone; the method is not what keeps it. Changes that come within a few
    hundredths of a second are one.
    """

    def __init__(self, file: Path, tell: Callable[[], object]) -> None:
        self.file = file.absolute()
        """The file, wherever the process goes."""
        self._tell = WeakMethod(tell)
        self._is_stopped = False
        self._is_watching = Event()
        self._thread = Thread(target=self._run, name=f"watch {file}", daemon=True)
        # A thread that is still in the library while Python goes down can take it along.
        atexit.register(self.stop)
        self._thread.start()
        self._is_watching.wait()

    def stop(self) -> None:
        """End it; nobody is told any more, but who is being told just now."""
        self._is_stopped = True
        if current_thread() is not self._thread:
            self._thread.join(GRACE_S)

    def is_set(self) -> bool:
        """Return whether it has to end: the library asks this many times a second.

        It asks for the first time when it watches.
        """
        self._is_watching.set()
        return self._is_stopped or self._tell() is None

    def _run(self) -> None:
        # Only who has a file to watch waits for this import.
        from watchfiles import watch

        linked = self.file.resolve()
        names = {self.file.name, linked.name}
        try:
            for _ in watch(
                *{self.file.parent, linked.parent},
                watch_filter=lambda _, path: Path(path).name in names,
                stop_event=self,
                recursive=False,
                raise_interrupt=False,
            ):
                self._told()
        except (OSError, RuntimeError) as error:  # such as no watches left on this host
            log.warning("changes of %s go unnoticed: %s", self.file, error)
        finally:
            self._is_watching.set()
            atexit.unregister(self.stop)

    def _told(self) -> None:
        if not self._is_stopped and (tell := self._tell()):
            tell()
