"""What a test sees of an experiment that follows its file."""

from __future__ import annotations

from queue import Queue
from threading import Thread
from threading import enumerate as threads

from recado_experiment import Experiment

SOON_S = 20.0
"""Far longer than it takes until a change is told, on the busiest machine."""


class Told:
    """A callback; what it was called with waits to be taken."""

    def __init__(self) -> None:
        self.calls: Queue[bool] = Queue()

    def __call__(self, is_usable: bool) -> None:
        self.calls.put(is_usable)

    def wait(self, is_usable: bool) -> None:
        """Wait until it is told this; a file that is being written may be broken first."""
        while self.calls.get(timeout=SOON_S) is not is_usable:
            pass


def x(experiment: Experiment, participant: int = 1) -> object:
    """Return what tells a study from another."""
    return experiment.get_all_configs(participant)[0]["x"]


def watchers() -> list[Thread]:
    return [thread for thread in threads() if thread.name.startswith("watch ")]
