"""A wrapper as Zocalo's sites have them; it knows nothing of recado."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from zocalo.wrapper import BaseWrapper


class Theirs(BaseWrapper):
    """Uses what such wrappers use."""

    _logger_name = "site.theirs"
    recwrap: Any
    status_thread: Any

    def tell(self, how: Callable[..., object], what: object) -> None:
        """Call what has no types."""
        how(what)

    def run(self) -> bool:
        step = self.recwrap.recipe_step
        config: Any = cast("Any", self).config
        self.tell(
            self.update,
            {
                "parameters": step["job_parameters"],
                "payload": self.recwrap.payload,
                "pointer": self.recwrap.recipe_pointer,
                "path": self.recwrap.recipe_path,
                "run": self.recwrap.environment["ID"],
                "next": self.recwrap.recipe[2]["queue"],
                "start": self.recwrap.recipe["start"],
                "storage": config.storage,
            },
        )
        self.status_thread.taskname += " (still running)"
        self.log.info("at work")
        self.recwrap.send_to("nobody", "wants this")
        self.recwrap.send("nor this")
        self.recwrap.set_default_channel("updates")
        self.recwrap.send("by default", header={"mine": 1}, delay=0)
        if step["job_parameters"].get("raises"):
            raise RuntimeError("no licence")
        one = {"file_path": "/x", "file_name": "a.log", "file_type": "log"}
        self.tell(self.record_result_individual_file, one)
        self.tell(self.record_result_all_files, {"filelist": ["/x/a.log"]})
        return bool(step["job_parameters"]["good"])
