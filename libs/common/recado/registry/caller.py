"""Whoever called the registry: where it is, and the warnings it should see."""

from __future__ import annotations

import inspect
import warnings
from dataclasses import dataclass
from types import FrameType

from recado.registry.errors import RegistrationWarning

_PACKAGE = __name__.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the source: module, file and line."""

    module: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.module}, {self.file}:{self.line}"


def location() -> Location:
    """Return the place outside this package that is calling it."""
    frame, _ = _outside()
    module = str(frame.f_globals.get("__name__", "?"))
    return Location(module, frame.f_code.co_filename, frame.f_lineno)


def warn(text: str) -> None:
    """Warn with the line of the caller outside this package."""
    _, depth = _outside()
    warnings.warn(RegistrationWarning(text), stacklevel=depth)


def in_class_body() -> bool:
    """Tell whether the calling line stands in the body of a class."""
    names = _outside()[0].f_locals
    return "__qualname__" in names and "__module__" in names


def _outside() -> tuple[FrameType, int]:
    """Return the first frame outside, and its depth as seen from our caller."""
    frame = inspect.currentframe()
    if frame is None:
        raise RuntimeError("this interpreter has no frames to look at")
    depth = 0
    while frame.f_back is not None and _is_inside(frame):
        frame = frame.f_back
        depth += 1
    return frame, depth


def _is_inside(frame: FrameType) -> bool:
    module = str(frame.f_globals.get("__name__", ""))
    # Our context managers are entered through contextlib, which is not the caller.
    ours = module == _PACKAGE or module.startswith(f"{_PACKAGE}.")
    return ours or module == "contextlib"
