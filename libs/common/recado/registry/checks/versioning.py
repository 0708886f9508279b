"""Versions: many objects under one key, told apart by a field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from recado.registry.checks.information import Information


@dataclass(frozen=True, slots=True)
class VersioningFields:
    """A version and the date it is from."""

    version: str
    date: str

    def __post_init__(self) -> None:
        for field in fields(self):
            value: object = getattr(self, field.name)
            # 1 and 1.0 are one number but two versions: only text is unambiguous.
            if not isinstance(value, str) or not value:
                raise TypeError(f"{field.name} must be a text, not {value!r}")


class Versioning(Information):
    """Ask for a version, which becomes part of the key, and its date.

    An object is looked up by its version alone; the date only has to be right where
    it is given. There is no latest version here: a lookup says which one it means.
    """

    def __init__(
        self,
        version_fields: type = VersioningFields,
        key_list: Iterable[str] = ("version",),
        forced: bool = False,
    ) -> None:
        super().__init__(version_fields, key_list, forced)
