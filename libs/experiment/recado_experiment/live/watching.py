"""Watch a file from a thread: the system tells of changes, nobody looks for them."""

from __future__ import annotations

import atexit
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread, current_thread
from typing import Final
from weakref import WeakMethod

from recado_experiment.live.way import Way

GRACE_S: Final = 1.0
"""How long its end waits for somebody who is being told."""
_TOGETHER_MS: Final = 200
"""How long a change may wait for others, though there is no end of them."""

log = logging.getLogger(__name__)


class Watch:
    """Tells of each change of a file, written in place or replaced by a rename.

    Its folder and the links on the way to it may be replaced as well. It watches from when
    it is made, until ``stop``, or until the object whose method it calls is gone; the
    method is not what keeps it. Changes that come within a few hundredths of a second are
    one.
    """

    def __init__(self, file: Path, tell: Callable[[], object]) -> None:
        self.file = file.absolute()
        """The file, wherever the process goes."""
        self._tell = WeakMethod(tell)
        self._is_stopped = False
        self._is_watching = Event()
        self._way = Way.to(self.file)
        self._has_begun = False
        """Whether the way is watched."""
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
        """Return whether to end, or to begin anew: the library asks many times a second.

        It asks for the first time when it watches.
        """
        if self._has_begun:
            return self._is_over()
        self._has_begun = True
        if Way.to(self.file) != self._way:
            return True
        if self._is_watching.is_set():
            self._told()  # of whatever happened while nobody watched
        self._is_watching.set()
        return self._is_over()

    def _run(self) -> None:
        try:
            while not self._is_over():
                self._way, self._has_begun = Way.to(self.file), False
                # A folder may go before it is watched: the next way ends before it.
                with suppress(FileNotFoundError):
                    self._follow(self._way)
        except (OSError, RuntimeError) as error:  # such as no watches left on this host
            log.warning("changes of %s go unnoticed: %s", self.file, error)
        finally:
            self._is_watching.set()
            atexit.unregister(self.stop)

    def _follow(self, way: Way) -> None:
        """Tell of changes, until the way to the file may be another one."""
        # Only who has a file to watch waits for this import.
        from watchfiles import watch

        entries = way.entries
        for changes in watch(
            *way.folders,
            watch_filter=lambda _, path: path in entries,
            debounce=_TOGETHER_MS,
            stop_event=self,
            recursive=False,
            raise_interrupt=False,
        ):
            is_same = all(path == str(way.end) for _, path in changes)
            if not is_same or Way.to(self.file) != way:
                return
            self._told()

    def _is_over(self) -> bool:
        return self._is_stopped or self._tell() is None

    def _told(self) -> None:
        if not self._is_stopped and (tell := self._tell()):
            tell()
