"""Every error that recado raises on purpose: one root, few branches.

A message says what is wrong, with the value, and what would be right; lower case, no
full stop. The facts are attributes as well, so that no caller has to parse the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class RecadoError(Exception):
    """The root of every error that recado raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a document: where, what, and what would be right."""

    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.text}" if self.path else self.text


class ProblemsError(RecadoError):
    """Raised for a document with problems; holds all of them, each with its path."""

    def __init__(self, what: str, problems: Sequence[Problem]) -> None:
        self.what = what
        self.problems = tuple(problems)
        super().__init__(f"{what}: {'; '.join(map(str, self.problems))}")

    def __reduce__(self) -> tuple[type[ProblemsError], tuple[str, tuple[Problem, ...]]]:
        return type(self), (self.what, self.problems)


class ConfigError(RecadoError):
    """Raised for a setting that cannot be used; says which one and where it is from."""


class RecipeError(ProblemsError):
    """Raised for a recipe that cannot be run; holds every problem with its path."""


class SchemaError(ProblemsError):
    """Raised for a message whose content breaks its schema, with each problem's path."""


class NotFoundError(RecadoError):
    """Raised when a name is not known; the text offers the nearest known names."""


class TransportError(RecadoError):
    """The root of what a transport raises."""


class UnroutableError(TransportError):
    """Raised by a publish to a queue that nobody has declared."""


class DisconnectedError(TransportError):
    """Raised when the broker is away, or the transport is closed."""


class RefusedError(TransportError):
    """Raised when the broker is there but does not take the message: full, too large."""


class UnsupportedError(TransportError):
    """Raised when a broker has no way to do what is asked, whatever its state."""


class SettledError(TransportError):
    """Raised when a delivery is settled a second time: a fault in the caller."""


class RequestTimeoutError(TransportError):
    """Raised when no reply to a request came in time."""


class ManagementError(RecadoError):
    """Raised when RabbitMQ's management interface refuses; ``status`` is HTTP's."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.text = text
        super().__init__(text)

    def __reduce__(self) -> tuple[type[ManagementError], tuple[object, ...]]:
        return type(self), (self.status, self.text)


class RemoteError(RecadoError):
    """Raised when a service answered a request with an error; ``code`` names its kind."""

    def __init__(self, code: str, text: str, problems: Sequence[Problem] = ()) -> None:
        self.code = code
        self.text = text
        self.problems = tuple(problems)
        super().__init__("; ".join([text, *map(str, problems)]))

    def __reduce__(self) -> tuple[type[RemoteError], tuple[object, ...]]:
        return type(self), (self.code, self.text, self.problems)


class ConflictError(RecadoError):
    """Raised when a stream is not at the version that an append expected."""

    def __init__(self, stream: str, expected: int | str, actual: int) -> None:
        self.stream = stream
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"stream {stream!r} is at version {actual}, expected {expected}"
        )

    def __reduce__(self) -> tuple[type[ConflictError], tuple[object, ...]]:
        return type(self), (self.stream, self.expected, self.actual)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint for a name that is not known, ready to follow an error's text.

    >>> nearest("expnader", ["dispatcher", "expander"])
    "; did you mean 'expander'? known: dispatcher, expander"
    """
    names = sorted(known)
    if not names:
        return "; none are known"
    matches = get_close_matches(name, names, n=1, cutoff=0.6)
    hint = f"; did you mean {matches[0]!r}?" if matches else ";"
    shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    return f"{hint} known: {shown}"
