"""What counts as a class of arguments, and turning a plain class into one."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from enum import Enum
from typing import TypeGuard

from recado.registry.caller import warn
from recado.registry.errors import InvalidRegistrationError

# Recognised by what the libraries put on their classes, so that none is imported:
# attrs, pydantic, msgspec, typing.NamedTuple, typing.TypedDict.
_MARKS = (
    "__attrs_attrs__",
    "__pydantic_fields__",
    "__struct_fields__",
    "_field_defaults",
    "__required_keys__",
)


def has_fields(arguments: object) -> bool:
    """Tell whether something is a dataclass, or a class like one."""
    return is_dataclass(arguments) or any(hasattr(arguments, m) for m in _MARKS)


def as_arguments(what: str, arguments: object) -> object:
    """Return a class of arguments as it is, a plain class turned into a dataclass.

    Raises:
        InvalidRegistrationError: for everything else.
    """
    if has_fields(arguments):
        return arguments
    if not _is_plain_class(arguments):
        raise InvalidRegistrationError(
            f"the arguments of {what} must be a dataclass, an attrs, pydantic or "
            f"msgspec class, or a plain class to make one of, not {arguments!r}"
        )
    try:
        converted = dataclass(arguments)
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidRegistrationError(
            f"the arguments of {what}, {arguments!r}, cannot be made a dataclass: {error}"
        ) from error
    warn(f"the arguments of {what}, {arguments!r}, have been made a dataclass")
    return converted


def _is_plain_class(thing: object) -> TypeGuard[type[object]]:
    return isinstance(thing, type) and not issubclass(thing, Enum)
