"""The registry: names for objects, and what is known of each of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any, Generic, TypeVar, cast, overload

from recado.errors import nearest
from recado.registry.arguments import as_arguments
from recado.registry.caller import location, warn
from recado.registry.checks.base import Check
from recado.registry.entry import Entry, KeyFields, describe, label
from recado.registry.errors import (
    AlreadyRegisteredError,
    InvalidRegistrationError,
    NotRegisteredError,
)
from recado.registry.group import Group, Rule
from recado.registry.store import Snapshot

D = TypeVar("D")
T = TypeVar("T")
S = TypeVar("S")

_MISSING: Any = object()


class _DefaultOnClass(type):
    """Makes the class stand for the default registry: ``Registry.register("x")``.

    Type checkers see the methods of an instance there; typed code writes
    ``from recado.registry import default``.
    """

    def __getattribute__(cls, name: str) -> Any:
        # A subclass stands for itself; mro is the one public name that classes have.
        if name.startswith("_") or name == "mro" or cls is not type(default):
            return super().__getattribute__(name)
        return getattr(default, name)


class Registry(Generic[T], metaclass=_DefaultOnClass):
    """Objects of one kind by key, with information, arguments and checks.

    Fields given as keywords are taken by the checks; those that a check makes part of
    the key (a version) tell objects with the same key apart. Safe to use from threads.
    """

    def __init__(
        self,
        name: str,
        checks: Iterable[Check] | None = None,
        skip_validation: bool = False,
    ) -> None:
        self.name = name
        self._group = Group(Rule(check, skip_validation) for check in checks or ())
        self._called: dict[Entry[T], int] = {}
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"<registry {self.name!r} of {len(self)}>"

    def __len__(self) -> int:
        return len(self.entries())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, key: object) -> bool:
        return self._group.store.has(key)

    def __getitem__(self, key: str) -> T:
        return self.get(key)

    def register(
        self,
        key: str | None = None,
        *,
        call_name: str | None = None,
        **fields: object,
    ) -> Callable[[S], S]:
        """Return a decorator that registers an object and hands it back unchanged.

        ``call_name`` is another word for ``key``.
        """
        name = self._key("register", key, call_name)

        def keep(obj: S) -> S:
            self._add(name, obj, fields)
            return obj

        return keep

    def register_prebuilt(
        self,
        obj: T,
        key: str | None = None,
        *,
        call_name: str | None = None,
        **fields: object,
    ) -> T:
        """Register an object that is already there, and return it.

        Raises:
            AlreadyRegisteredError: if the key and its key fields are taken.
            CheckError: if a forced check refuses the object.
            InvalidRegistrationError: for a key or a field that cannot be used.
        """
        self._add(self._key("register_prebuilt", key, call_name), obj, fields)
        return obj

    def unregister(self, key: str, **fields: object) -> T:
        """Forget an object and its arguments; return the object."""
        entry: Entry[T] = self._group.find(self.name, key, fields)
        self._group.store.remove(entry)
        self._group.store.remove_arguments(key, entry.key_fields)
        return entry.obj

    # The default comes first: a plain lookup takes any keyword, that one included.
    # pyright thinks the second never matches, as keywords might hold a default.
    @overload
    def get(self, key: str, default: D, **fields: object) -> T | D: ...
    @overload
    def get(self, key: str, **fields: object) -> T: ...  # pyright: ignore[reportOverlappingOverload]
    def get(self, key: str, default: object = _MISSING, **fields: object) -> object:
        """Return an object; without one, warn and return the default, if one is given.

        Raises:
            NotRegisteredError: if there is no such object and no default.
            CheckError: if a forced check objects to handing it out, default or not.
        """
        try:
            entry: Entry[T] = self._group.find(self.name, key, fields)
        except NotRegisteredError as error:
            if default is _MISSING:
                raise
            warn(f"{error}; the default is returned")
            return default
        self._group.on_get(self.name, entry, fields)
        with self._lock:
            self._called[entry] = self._called.get(entry, 0) + 1
        return entry.obj

    @overload
    def get_choice(self, key: str, default: D, **fields: object) -> T | D: ...
    @overload
    def get_choice(self, key: str, **fields: object) -> T: ...  # pyright: ignore[reportOverlappingOverload] - as for get
    def get_choice(
        self, key: str, default: object = _MISSING, **fields: object
    ) -> object:
        """Do what ``get`` does, under its old name."""
        return self.get(key, default, **fields)

    def entry(self, key: str, **fields: object) -> Entry[T]:
        """Return everything known of an object; that does not count as using it."""
        return self._group.find(self.name, key, fields)

    def entries(self) -> list[Entry[T]]:
        """Return everything known of all objects."""
        return self._group.store.entries()

    def get_info(self, key: str, **fields: object) -> dict[str, object]:
        """Return the fields an object was registered with, and what checks found.

        ``registered_at`` tells the module, file and line.
        """
        entry = self.entry(key, **fields)
        return {"registered_at": entry.where, **entry.info}

    def keys(self) -> list[str]:
        """Return the key of each object: twice, if two versions are registered."""
        return [entry.key for entry in self.entries()]

    def values(self) -> list[T]:
        """Return the objects."""
        return [entry.obj for entry in self.entries()]

    def items(self) -> list[tuple[str, T]]:
        """Return keys and objects; ``entries`` tells the key fields as well."""
        return [(entry.key, entry.obj) for entry in self.entries()]

    def show_choices(self) -> list[str]:
        """Return the keys there are to choose from."""
        return self.keys()

    def check_choice(self, key: str, **fields: object) -> bool:
        """Tell whether there is such an object, and warn if not."""
        try:
            self.validate_choice(key, **fields)
        except NotRegisteredError as error:
            warn(str(error))
            return False
        return True

    def validate_choice(self, key: str, **fields: object) -> None:
        """Raise NotRegisteredError if there is no such object."""
        self._group.find(self.name, key, fields)

    def register_arguments(
        self,
        key: str | None = None,
        *,
        call_name: str | None = None,
        **fields: object,
    ) -> Callable[[S], S]:
        """Return a decorator that keeps a class of arguments beside a key.

        The class is a dataclass, or an attrs, pydantic or msgspec class; a plain class
        is made a dataclass, with a warning. The object may come before or after.
        """
        name = self._key("register_arguments", key, call_name)

        def keep(arguments: S) -> S:
            identity = self._group.identity(self.name, name, fields)
            what = f"{label(name, identity)} in {self.name}"
            # A plain class is changed in place: what comes back is what went in.
            kept = cast("S", as_arguments(what, arguments))
            if not self._group.store.add_arguments(name, identity, kept):
                raise AlreadyRegisteredError(
                    f"the arguments of {what} are there already"
                )
            return kept

        return keep

    def get_arguments(
        self,
        key: str,
        key_dict: Mapping[str, object] | None = None,
        **fields: object,
    ) -> Any:
        """Return the class of arguments registered beside a key."""
        given = {**(key_dict or {}), **fields}
        identity = self._group.identity(self.name, key, given)
        found = self._group.store.find_arguments(key, identity)
        if found is None:
            wanted = label(key, identity)
            hint = nearest(wanted, [label(*names) for names, _ in self.arguments()])
            raise NotRegisteredError(
                f"{self.name} has no arguments for {wanted!r}{hint}"
            )
        return found

    def arguments(self) -> list[tuple[tuple[str, KeyFields], Any]]:
        """Return all classes of arguments, each with its key and key fields."""
        return self._group.store.arguments()

    def called(self) -> list[tuple[Entry[T], int]]:
        """Return what was looked up in this registry, and how often."""
        with self._lock:
            return list(self._called.items())

    def clear(self) -> None:
        """Forget all objects, their arguments, and their use."""
        self._group.store.clear()
        with self._lock:
            self._called.clear()

    def reset(self) -> None:
        """Do what ``clear`` does."""
        self.clear()

    def snapshot(self) -> Snapshot:
        """Return what is registered now, to ``restore`` it later."""
        return self._group.store.snapshot()

    def restore(self, snapshot: Snapshot) -> None:
        """Register what was registered when a snapshot of this registry was taken."""
        if snapshot.store is not self._group.store:
            raise InvalidRegistrationError(
                f"{self.name} cannot restore a snapshot of another registry"
            )
        self._group.store.restore(snapshot)

    @contextmanager
    def override(self, key: str, obj: T, **fields: object) -> Generator[T]:
        """Put an object in a key's place for the length of a with block, unchecked.

        All threads see it. Whatever else is registered in the block stays.
        """
        identity = self._group.identity(self.name, key, fields)
        stand_in = Entry(key, identity, obj, dict(fields), location())
        store = self._group.store
        previous = store.replace(stand_in)
        try:
            yield obj
        finally:
            store.put_back(stand_in, previous)

    def join(self, group: Group) -> None:
        """Share objects and checks with the registries of a group."""
        group.absorb(self.name, self._group)
        self._group = group

    def _add(self, key: str, obj: object, fields: Mapping[str, object]) -> None:
        entry: Entry[T] = self._group.admit(self.name, key, obj, fields)
        kept = self._group.store.add(entry)
        if kept is not entry:
            version = describe(entry.key_fields)
            raise AlreadyRegisteredError(
                f"{self.name} already has {key!r}{' with ' if version else ''}{version}, "
                f"registered in {kept.where}; the first is kept"
            )

    def _key(self, method: str, key: object, call_name: object) -> str:
        """Return the key that is meant; a class or function says what is missing."""
        chosen = call_name if key is None else key
        if isinstance(chosen, str) and chosen and call_name in (None, chosen):
            return chosen
        name = getattr(chosen, "__name__", None)
        if callable(chosen) and name:
            problem = f"a key first: @{self.name}.{method}({name!r})"
        elif key is not None and call_name is not None:
            problem = f"one key, not key={key!r} and call_name={call_name!r}"
        else:
            problem = f"a text that is not empty as the key, not {chosen!r}"
        raise InvalidRegistrationError(f"{self.name}.{method} needs {problem}")


default: Registry[Any] = Registry("default")
"""The registry for who needs only one; ``Registry.register(...)`` is its method."""
