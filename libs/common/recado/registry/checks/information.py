"""Checks that ask for information: the fields of a dataclass as keywords."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import is_dataclass
from inspect import Parameter, signature

from recado.errors import nearest
from recado.registry.checks.base import RESERVED, Check
from recado.registry.entry import Fields
from recado.registry.errors import InvalidRegistrationError


class Information(Check):
    """Ask for the fields of a dataclass; those without a default must be given.

    With all of them given, the dataclass is made, so that its own validation
    (``__post_init__``) has a say.
    """

    def __init__(
        self,
        meta_fields: type,
        key_parameters: Iterable[str] = (),
        forced: bool = False,
    ) -> None:
        super().__init__(forced=forced)
        if not is_dataclass(meta_fields):
            raise InvalidRegistrationError(
                f"the fields of {self.name} must be a dataclass, not {meta_fields!r}"
            )
        parameters = signature(meta_fields).parameters
        self._make = meta_fields
        self._required = [
            n for n, p in parameters.items() if p.default is Parameter.empty
        ]
        self.fields = tuple(parameters)
        self.key_fields = tuple(key_parameters)
        self._refuse_bad_names()

    def on_register(self, key: str, obj: object, fields: Fields) -> None:
        """Complain of required fields that are missing, or of a bad value."""
        missing = [name for name in self._required if name not in fields]
        if missing:
            raise ValueError(f"needs {' and '.join(missing)}")
        self._make(**{n: v for n, v in fields.items() if n in self._parameters})

    @property
    def _parameters(self) -> tuple[str, ...]:
        return tuple(self.fields or ())

    def _refuse_bad_names(self) -> None:
        reserved = sorted(RESERVED.intersection(self._parameters))
        if reserved:
            raise InvalidRegistrationError(
                f"{self.name} cannot have a field named {', '.join(reserved)}: "
                "the registry uses that name itself"
            )
        for name in self.key_fields:
            if name not in self._parameters:
                raise InvalidRegistrationError(
                    f"{self.name} has no field {name!r} to make part of the key"
                    + nearest(name, self._parameters)
                )
