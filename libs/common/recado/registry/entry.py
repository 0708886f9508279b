"""What a registry keeps of one registered object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from recado.registry.caller import Location
from recado.registry.errors import InvalidRegistrationError

T = TypeVar("T")

Fields = Mapping[str, object]
KeyFields = frozenset[tuple[str, object]]

NO_FIELDS: KeyFields = frozenset()


# Two entries are the same only if they are one: objects need not be comparable.
@dataclass(frozen=True, slots=True, eq=False)
class Entry(Generic[T]):
    """One registered object: its identity, what is known of it, where it came from."""

    key: str
    key_fields: KeyFields
    obj: T
    info: Fields
    where: Location

    def __str__(self) -> str:
        return label(self.key, self.key_fields)


def key_fields(fields: Fields) -> KeyFields:
    """Return fields as the part of an identity beside the key."""
    if not fields:
        return NO_FIELDS
    for name, value in fields.items():
        try:
            hash(value)
        except TypeError as error:
            raise InvalidRegistrationError(
                f"{name} is part of the key and must be hashable, {value!r} is not"
            ) from error
    return frozenset(fields.items())


def describe(fields: KeyFields) -> str:
    """Return key fields as words: ``version '1.0.0'``."""
    pairs = sorted(fields, key=lambda pair: pair[0])
    return ", ".join(f"{name} {value!r}" for name, value in pairs)


def label(key: str, fields: KeyFields) -> str:
    """Return an identity as words: ``resize (version '1.0.0')``."""
    return f"{key} ({describe(fields)})" if fields else key
