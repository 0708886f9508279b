"""Where objects and arguments lie: dictionaries behind a lock."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from recado.registry.entry import Entry, KeyFields

Entries = dict[str, dict[KeyFields, Entry[Any]]]
Arguments = dict[tuple[str, KeyFields], object]


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What a store held at one moment."""

    store: Store
    entries: Entries
    arguments: Arguments


@dataclass(slots=True, eq=False)
class Store:
    """Objects by key and key fields, and arguments beside them.

    One lookup in a dictionary is safe without the lock; everything that changes the
    store, or goes through all of it, holds the lock.
    """

    _entries: Entries = field(default_factory=dict[str, dict[KeyFields, Entry[Any]]])
    _arguments: Arguments = field(default_factory=dict[tuple[str, KeyFields], object])
    _lock: RLock = field(default_factory=RLock)

    def find(self, key: str, fields: KeyFields) -> Entry[Any] | None:
        """Return the entry of an identity, or None."""
        variants = self._entries.get(key)
        return None if variants is None else variants.get(fields)

    def has(self, key: object) -> bool:
        """Tell whether an object is registered under a key, with any key fields."""
        return key in self._entries

    def variants(self, key: str) -> list[Entry[Any]]:
        """Return what is registered under a key, one entry for each set of fields."""
        with self._lock:
            return list(self._entries.get(key, {}).values())

    def entries(self) -> list[Entry[Any]]:
        """Return everything, keys in the order of their first registration."""
        with self._lock:
            return [e for variants in self._entries.values() for e in variants.values()]

    def add(self, entry: Entry[Any]) -> Entry[Any]:
        """Keep an entry unless its identity is taken; return the one that is kept."""
        with self._lock:
            variants = self._entries.setdefault(entry.key, {})
            return variants.setdefault(entry.key_fields, entry)

    def replace(self, entry: Entry[Any]) -> Entry[Any] | None:
        """Keep an entry in the place of another; return that one."""
        with self._lock:
            variants = self._entries.setdefault(entry.key, {})
            previous = variants.get(entry.key_fields)
            variants[entry.key_fields] = entry
            return previous

    def put_back(self, entry: Entry[Any], previous: Entry[Any] | None) -> None:
        """Undo a replacement, unless something else has taken the place since."""
        with self._lock:
            if self.find(entry.key, entry.key_fields) is not entry:
                return
            if previous is None:
                self.remove(entry)
            else:
                self._entries[entry.key][entry.key_fields] = previous

    def remove(self, entry: Entry[Any]) -> None:
        """Forget an entry, if it is still there."""
        with self._lock:
            if self.find(entry.key, entry.key_fields) is not entry:
                return
            del self._entries[entry.key][entry.key_fields]
            if not self._entries[entry.key]:
                del self._entries[entry.key]

    def add_arguments(self, key: str, fields: KeyFields, arguments: object) -> bool:
        """Keep arguments unless their identity is taken; tell whether they are kept."""
        with self._lock:
            if (key, fields) in self._arguments:
                return False
            self._arguments[key, fields] = arguments
            return True

    def find_arguments(self, key: str, fields: KeyFields) -> object | None:
        """Return the arguments of an identity, or None."""
        return self._arguments.get((key, fields))

    def remove_arguments(self, key: str, fields: KeyFields) -> None:
        """Forget the arguments of an identity, if there are any."""
        with self._lock:
            self._arguments.pop((key, fields), None)

    def arguments(self) -> list[tuple[tuple[str, KeyFields], object]]:
        """Return all arguments with their identities."""
        with self._lock:
            return list(self._arguments.items())

    def clear(self) -> None:
        """Forget all objects and all arguments."""
        with self._lock:
            self._entries.clear()
            self._arguments.clear()

    def absorb(self, other: Store) -> None:
        """Take over what another store holds; an identity taken here stays."""
        for entry in other.entries():
            self.add(entry)
        for (key, fields), arguments in other.arguments():
            self.add_arguments(key, fields, arguments)

    def snapshot(self) -> Snapshot:
        """Return what the store holds now."""
        with self._lock:
            entries = {key: dict(those) for key, those in self._entries.items()}
            return Snapshot(self, entries, dict(self._arguments))

    def restore(self, snapshot: Snapshot) -> None:
        """Hold again what a snapshot held."""
        entries = {key: dict(those) for key, those in snapshot.entries.items()}
        with self._lock:
            self._entries = entries
            self._arguments = dict(snapshot.arguments)
