"""The contract of a check: what a registry asks of the objects registered in it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection

from recado.registry.entry import Fields

# They are parameters of the registry's own methods and cannot name a field.
RESERVED = frozenset({"key", "obj", "call_name", "default", "key_dict", "self"})


class Check(ABC):
    """Something that looks at every object on its way into a registry.

    A check complains by raising. Where it is ``forced``, the object is refused;
    otherwise the registry warns and keeps it. ``verdict`` names the entry of the
    object's info that tells whether it passed.
    """

    forced: bool = False
    verdict: str | None = None
    fields: Collection[str] | None = ()
    """The keywords this check understands; None stands for any."""
    key_fields: Collection[str] = ()
    """Those of them that are part of an object's identity, beside its key."""

    def __init__(self, *, forced: bool = False) -> None:
        self.forced = forced

    @property
    def name(self) -> str:
        """What the check is called in messages."""
        return type(self).__name__

    def identity(self, key: str, fields: Fields) -> Fields:
        """Return the given fields that are part of the identity."""
        return {name: fields[name] for name in self.key_fields if name in fields}

    @abstractmethod
    def on_register(self, key: str, obj: object, fields: Fields) -> Fields | None:
        """Look at an object to be registered; raise to complain.

        What it returns becomes part of the object's info, beside the given fields.
        """

    # Optional by design: few checks look at an object on its way out.
    def on_get(self, key: str, obj: object, fields: Fields) -> None:  # noqa: B027
        """Look at an object on its way out; raise to complain."""
