"""The factory: named registries, listed in one place, sharing where they are told to."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields
from threading import RLock
from typing import Any, ClassVar, TypeGuard

from recado.errors import nearest
from recado.registry.caller import in_class_body
from recado.registry.checks.accreditation import CreditFields
from recado.registry.checks.base import Check
from recado.registry.entry import Entry, label
from recado.registry.errors import (
    AlreadyRegisteredError,
    InvalidRegistrationError,
    NotRegisteredError,
)
from recado.registry.group import Group
from recado.registry.registry import Registry

_CREDIT = tuple(field.name for field in fields(CreditFields))


class Factory:
    """Makes registries and lists them.

    A registry made in the body of a subclass belongs to that subclass, any other to the
    class that was asked. Registries of one class made with ``shared=True`` hold the
    same objects, and each object passes the checks of all of them.
    """

    _registries: ClassVar[dict[str, Registry[Any]]] = {}
    _shared: ClassVar[Group] = Group()
    _lock: ClassVar[RLock] = RLock()

    def __init__(self) -> None:
        raise InvalidRegistrationError(
            f"{type(self).__name__} has no instances: its methods are called on the class"
        )

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls._registries = {}
        cls._shared = Group()
        for value in list(vars(cls).values()):
            if isinstance(value, _Made) and value.maker is not None:
                value.settle(cls)
            elif _is_registry(value):
                cls.adopt(value)

    @classmethod
    def create_registry(
        cls,
        name: str | None = None,
        shared: bool = False,
        skip_validation: bool = False,
        checks: Iterable[Check] | None = None,
    ) -> Registry[Any]:
        """Make a registry; annotate what it is assigned to, and lookups are typed.

        Without a name it takes that of the class attribute it is assigned to. With
        ``skip_validation`` its checks record what they find and refuse nothing.

        Raises:
            AlreadyRegisteredError: if this factory has a registry of that name.
        """
        made = _Made(name or "", checks, skip_validation)
        made.maker, made.is_shared = cls, shared
        if not in_class_body():
            made.settle(cls)
        return made

    @classmethod
    def adopt(cls, registry: Registry[Any], shared: bool = False) -> None:
        """List a registry here, and have it share with the others that do.

        Raises:
            AlreadyRegisteredError: if this factory has a registry of that name.
        """
        with cls._lock:
            held = cls.get_registries().get(registry.name)
            if held is registry:
                return
            if held is not None:
                raise AlreadyRegisteredError(
                    f"{cls.__name__} already has a registry {registry.name!r}; "
                    "take another name, or forget_registry first"
                )
            if shared:
                registry.join(cls._shared)
            cls._registries[registry.name] = registry

    @classmethod
    def forget_registry(cls, name: str) -> None:
        """Take a registry of this very class off the list, so that its name is free.

        Those that shared with it keep its objects and its checks.
        """
        with cls._lock:
            if cls._registries.pop(name, None) is None:
                hint = nearest(name, cls._registries)
                raise NotRegisteredError(f"{cls.__name__} lists no {name!r}{hint}")

    @classmethod
    def get_registries(cls) -> dict[str, Registry[Any]]:
        """Return the registries of this class, and of its parents below Factory."""
        owners = [c for c in cls.__mro__ if issubclass(c, Factory) and c is not Factory]
        with cls._lock:
            return {
                name: registry
                for owner in reversed(owners or [Factory])
                for name, registry in owner._registries.items()
            }

    @classmethod
    def keys(cls) -> list[str]:
        """Return the names of the registries."""
        return list(cls.get_registries())

    @classmethod
    def values(cls) -> list[Registry[Any]]:
        """Return the registries."""
        return list(cls.get_registries().values())

    @classmethod
    def items(cls) -> list[tuple[str, Registry[Any]]]:
        """Return the names and the registries."""
        return list(cls.get_registries().items())

    @classmethod
    def get_options(cls, registries_names: Iterable[str] | None = None) -> list[str]:
        """Return the keys in the registries named, or in all; each key once."""
        keys = [key for registry in cls._choose(registries_names) for key in registry]
        return list(dict.fromkeys(keys))

    @classmethod
    def get_registry_arguments(
        cls, registries_names: Iterable[str] | None = None
    ) -> dict[str, dict[str, Any]]:
        """Return, for the registries named or for all, the arguments of each key.

        Key fields are named with the key: ``resize (version '1.0.0')``.
        """
        return {
            registry.name: {
                label(*names): found for names, found in registry.arguments()
            }
            for registry in cls._choose(registries_names)
        }

    @classmethod
    def get_arguments(
        cls,
        registry: str,
        key: str,
        key_dict: Mapping[str, object] | None = None,
        **key_fields: object,
    ) -> Any:
        """Return the class of arguments registered beside a key of a registry."""
        return cls._registry(registry).get_arguments(key, key_dict, **key_fields)

    @classmethod
    def get_called(cls) -> dict[str, list[tuple[Entry[Any], int]]]:
        """Return, by registry, which objects were looked up and how often."""
        return {name: registry.called() for name, registry in cls.items()}

    @classmethod
    def view_called(cls) -> None:
        """Print which objects were looked up, how often, and whom to give credit."""
        lines = ["Called objects:"]
        for name, called in cls.get_called().items():
            lines += [f"  {name}: {_use(entry, times)}" for entry, times in called]
        sys.stdout.write("\n".join([*lines, ""]))

    @classmethod
    def _choose(cls, names: Iterable[str] | None) -> list[Registry[Any]]:
        return cls.values() if names is None else [cls._registry(n) for n in names]

    @classmethod
    def _registry(cls, name: str) -> Registry[Any]:
        registries = cls.get_registries()
        if name not in registries:
            hint = nearest(name, registries)
            raise NotRegisteredError(f"{cls.__name__} has no registry {name!r}{hint}")
        return registries[name]


class _Made(Registry[Any]):
    """A registry on its way from the class that made it to the one it belongs to."""

    maker: type[Factory] | None = None
    is_shared: bool = False

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name
        # The subclasses of Factory settle what is in their body by themselves.
        if self.maker is not None and not issubclass(owner, Factory):
            self.settle(self.maker)

    def settle(self, owner: type[Factory]) -> None:
        """Become one of a factory's registries."""
        if not self.name:
            raise InvalidRegistrationError(
                "a registry needs a name, unless it is assigned in the body of a class"
            )
        self.maker = None
        owner.adopt(self, self.is_shared)


def _use(entry: Entry[Any], times: int) -> str:
    count = "once" if times == 1 else f"{times} times"
    credit = {n: entry.info[n] for n in _CREDIT if entry.info.get(n) is not None}
    given = "; ".join(f"{name} {value}" for name, value in credit.items())
    return f"{entry}, {count}" + (f"; {given}" if given else "")


def _is_registry(thing: object) -> TypeGuard[Registry[Any]]:
    return isinstance(thing, Registry)
