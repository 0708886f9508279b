"""Checks written for registry-factory: observers, taken as they are."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from recado.registry.checks.base import Check
from recado.registry.entry import Fields

Outcome = tuple[str, dict[str, Any], Any, dict[str, Any] | None]


class RegistryObserver(Check):
    """A check in registry-factory's form: two events that answer with a 4-tuple.

    What an event raises refuses the object. New checks are shorter as a ``Check``.
    """

    forced = True
    fields = None

    def __init__(self) -> None:
        super().__init__(forced=True)

    def generate_key_dict(self, key: str, **kwargs: Any) -> dict[str, Any]:
        """Return the keywords that are part of the identity."""
        return {}

    @abstractmethod
    def register_event(self, key: str, obj: Any, **kwargs: Any) -> Outcome:
        """Look at an object to be registered; return its key, key fields, it, its info."""

    @abstractmethod
    def call_event(self, key: str, obj: Any, **kwargs: Any) -> Outcome:
        """Look at an object on its way out."""

    def identity(self, key: str, fields: Fields) -> Fields:
        """Ask ``generate_key_dict``."""
        return self.generate_key_dict(key=key, **fields)

    def on_register(self, key: str, obj: object, fields: Fields) -> Fields | None:
        """Tell ``register_event`` and keep the info it answers with."""
        return self.register_event(key=key, obj=obj, **fields)[3]

    def on_get(self, key: str, obj: object, fields: Fields) -> None:
        """Tell ``call_event``."""
        self.call_event(key=key, obj=obj, **fields)
