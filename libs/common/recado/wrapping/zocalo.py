"""Zocalo's wrappers, unmodified: what they are given in the place of Zocalo's own.

They send to outputs through a recipe wrapper, read the site's configuration, and may
change what the heartbeats say. The packages are imported only here, and are there, since
the wrapper itself stands on them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from recado.log import get_logger
from recado.wrapping.job import Job

if TYPE_CHECKING:
    from recado.wrapping.actor import Actor


class RecipeWrapper:
    """Stands for Zocalo's: the recipe, where the job is in it, and its outputs."""

    def __init__(self, document: dict[str, Any], job: Job) -> None:
        self.recipe: Any = import_module("workflows.recipe").Recipe(document["recipe"])
        self.recipe_pointer = int(document["recipe-pointer"])
        self.recipe_step: Any = self.recipe[self.recipe_pointer]
        self.recipe_path: list[int] = document.get("recipe-path") or []
        self.environment: dict[str, Any] = {
            "ID": job.run,
            **(document.get("environment") or {}),
        }
        self.payload: Any = document.get("payload")
        self.transport: Any = None
        self.default_channel: str | None = None
        self._job = job

    def set_default_channel(self, channel: str) -> None:
        """Make ``send`` and ``send_to`` this channel the same."""
        self.default_channel = channel

    def send(self, message: object, **how: Any) -> None:
        """Send to the unnamed output, or to the default channel where they have names."""
        if not self._has_names:
            self._send("", message, how)
        elif self.default_channel:
            self._send(self.default_channel, message, how)

    def send_to(self, channel: str, message: object, **how: Any) -> None:
        """Send to a named output; to the unnamed one if that is the default channel."""
        if self._has_names:
            self._send(channel, message, how)
        elif channel == self.default_channel:
            self._send("", message, how)

    def checkpoint(
        self, message: object, header: Any = None, delay: float = 0, **how: Any
    ) -> None:
        """Send a message to this same step."""
        self._job.checkpoint(message, delay_s=delay)

    def start(self, *args: Any, **how: Any) -> None:
        """Refuse: the recipe has been started, or there would be no job.

        Raises:
            ValueError: always.
        """
        raise ValueError("This recipe has already been started.")

    @property
    def _has_names(self) -> bool:
        return isinstance(self.recipe_step.get("output"), dict)

    def _send(self, channel: str, message: object, how: dict[str, Any]) -> None:
        if how.get("mangle_for_sending"):
            raise ValueError(
                "recado wrap sends JSON: mangle_for_sending is not supported"
            )
        given: dict[Any, Any] = how.get("header") or {}
        headers = {str(key): str(value) for key, value in given.items()}
        self._job.send_to(channel, message, delay_s=how.get("delay"), headers=headers)


class StatusThread:
    """Stands for the thread that tells Zocalo's status."""

    def __init__(self, job: Job) -> None:
        self._job = job

    @property
    def taskname(self) -> str:
        """What the heartbeats say that is being done."""
        return self._job.task

    @taskname.setter
    def taskname(self, value: str) -> None:
        self._job.task = value


def actor(wrapper: Any, job: Job) -> Actor:
    """Return an instance of a wrapper of Zocalo's, ready to be run."""
    instance = wrapper(environment={"config": _configuration()})
    instance.status_thread = StatusThread(job)
    if job.document is not None:
        instance.set_recipe_wrapper(RecipeWrapper(dict(job.document), job))
    return instance  # type: ignore[no-any-return] # what it is, its author knows


def _configuration() -> Any:
    """Return the site's configuration, activated; none where Zocalo is not installed."""
    try:
        found = import_module("zocalo.configuration").from_file()
    except ModuleNotFoundError:
        get_logger().warning("wrapper.unconfigured", why="zocalo is not installed")
        return None
    found.activate()
    return found
