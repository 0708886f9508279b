"""What a wrapper is given: its parameters and payload, and its outputs."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from recado.outbox import WRITTEN
from recado.wrapping.line import Line
from recado.wrapping.results import all_files, result_file

STARTING: Final = "starting"
UPDATES: Final = "updates"
SUCCESS: Final = "success"
FAILURE: Final = "failure"
COMPLETED: Final = "completed"
ONE_RESULT: Final = "result-individual-file"
ALL_RESULTS: Final = "result-all-files"


class Job:
    """A long job, as the code that does it sees it.

    What is sent is safe, on disk or at the broker, when the call returns; ``await`` is
    allowed, not needed. Where the recipe has no such output nothing is sent. Any thread
    may send.
    """

    def __init__(
        self, line: Line, document: Mapping[str, Any] | None, task: str
    ) -> None:
        self.document = document
        """The envelope that came with the job, as it was read; none without any."""
        self.step: Mapping[str, Any] = _step(document)
        """The recipe's step, as it stands there."""
        self._line = line
        self._task = task

    @property
    def payload(self) -> Any:
        """What the step was sent."""
        return self.document.get("payload") if self.document else None

    @property
    def run(self) -> str:
        """The run id; empty for a job that belongs to no run."""
        document = self.document or {}
        environment: dict[str, Any] = document.get("environment") or {}
        return str(environment.get("ID") or "")

    @property
    def parameters(self) -> Any:
        """The step's ``parameters``."""
        return self.step.get("parameters") or {}

    @property
    def wrapper(self) -> Any:
        """The step's ``wrapper``: what the recipe tells whoever wraps the job."""
        return self.step.get("wrapper") or {}

    @property
    def task(self) -> str:
        """What the heartbeats say that is being done."""
        return self._task

    @task.setter
    def task(self, text: str) -> None:
        self._line.say(task=text)
        self._task = text

    def send(self, payload: object, *, delay_s: float | None = None) -> Awaitable[None]:
        """Send to the step's unnamed output."""
        return self.send_to("", payload, delay_s=delay_s)

    def send_to(
        self,
        channel: str,
        payload: object,
        *,
        delay_s: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Awaitable[None]:
        """Send to a named output of the step.

        Raises:
            LineError: if ``recado wrap`` does not take it.
            HungUpError: if it is gone.
            SchemaError: if the payload has no JSON form.
        """
        what: dict[str, object] = {"send": channel, "payload": payload}
        if delay_s is not None:
            what["delay_s"] = delay_s
        self._line.say(**what, headers=dict(headers or {}))
        return WRITTEN

    def checkpoint(self, payload: object, *, delay_s: float = 0.0) -> Awaitable[None]:
        """Send a message to the job's own step, for a job that comes after this one."""
        self._line.say(checkpoint=payload, delay_s=delay_s)
        return WRITTEN

    def update(self, payload: object = "") -> Awaitable[None]:
        """Tell how far the work is: to the output ``updates``, and to the run's events."""
        return self.send_to(UPDATES, payload)

    def record_result_individual_file(
        self, file: Path | str | Mapping[str, Any], file_type: str = "result"
    ) -> Awaitable[None]:
        """Tell of one result file; a mapping is sent as it is, as Zocalo's are."""
        if isinstance(file, Path | str):
            file = result_file(Path(file), file_type)
        return self.send_to(ONE_RESULT, file)

    def record_result_all_files(
        self, files: Sequence[Path | str] | Mapping[str, Any]
    ) -> Awaitable[None]:
        """Tell of all result files at once; a mapping is sent as it is."""
        if not isinstance(files, Mapping):
            files = all_files([Path(file) for file in files])
        return self.send_to(ALL_RESULTS, files)


def _step(document: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if not document:
        return {}
    key = str(int(document["recipe-pointer"]))
    return cast("Mapping[str, Any]", document["recipe"][key])
