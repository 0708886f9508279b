"""What a registry raises and warns of: one root, each branch a reason."""

from __future__ import annotations

from collections.abc import Sequence

from recado.errors import NotFoundError, RecadoError


class RegistrationError(RecadoError):
    """The root of what registries and factories raise."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)

    # KeyError, a second parent of some branches, would show the text quoted.
    def __str__(self) -> str:
        return self.message


class NotRegisteredError(RegistrationError, NotFoundError, KeyError):
    """Raised when nothing is registered under a key and its key fields."""


class AlreadyRegisteredError(RegistrationError, KeyError):
    """Raised when a key and its key fields are taken; the first object is kept."""


class InvalidRegistrationError(RegistrationError, ValueError):
    """Raised for a key, a field or a class that cannot be used as given."""


class CheckError(RegistrationError):
    """Raised when forced checks refuse an object; ``failures`` holds what they raised.

    The cause is the failure itself, or an exception group where there are several.
    """

    def __init__(self, message: str, failures: Sequence[Exception] = ()) -> None:
        self.failures = tuple(failures)
        super().__init__(message)

    def __reduce__(self) -> tuple[type[CheckError], tuple[object, ...]]:
        return type(self), (self.message, self.failures)


class RegistrationWarning(UserWarning):
    """Warns of what a registry lets pass: an unforced check, a default, a conversion."""
