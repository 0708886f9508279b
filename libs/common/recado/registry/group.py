"""What registries share: one store, and the checks of all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from recado.errors import nearest
from recado.registry.caller import location, warn
from recado.registry.checks.base import RESERVED, Check
from recado.registry.entry import (
    NO_FIELDS,
    Entry,
    Fields,
    KeyFields,
    describe,
    key_fields,
)
from recado.registry.errors import (
    CheckError,
    InvalidRegistrationError,
    NotRegisteredError,
)
from recado.registry.store import Store


@dataclass(frozen=True, slots=True)
class Rule:
    """A check, and whether the registry that brings it lets everything pass."""

    check: Check
    is_skipped: bool

    @property
    def refuses(self) -> bool:
        """Tell whether a complaint of this check keeps an object out."""
        return self.check.forced and not self.is_skipped


class Group:
    """A store and the rules for it; registries that share objects share a group.

    ``what`` in these methods is the name of the registry that asks, for messages.
    """

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self.store = Store()
        self.rules: tuple[Rule, ...] = ()
        self._watching: tuple[Rule, ...] = ()
        self._known: set[str] = set()
        self._takes_any = False
        self._add_rules(rules)

    def absorb(self, what: str, other: Group) -> None:
        """Take over the rules and objects of another group.

        Raises:
            InvalidRegistrationError: if objects are there that the checks of the
                other side have never seen.
        """
        unseen = bool(other.rules and self.store.entries())
        unseen = unseen or bool(self.rules and other.store.entries())
        if unseen:
            raise InvalidRegistrationError(
                f"{what} joins a shared group whose objects were registered before its "
                "checks were there; create all sharing registries first"
            )
        self._add_rules(other.rules)
        self.store.absorb(other.store)

    def identity(self, what: str, key: str, fields: Fields) -> KeyFields:
        """Return the part of the given fields that belongs to an object's identity.

        Raises:
            InvalidRegistrationError: for a field that no check takes.
        """
        if not fields:
            return NO_FIELDS
        self._refuse_unknown(what, fields)
        own: dict[str, object] = {}
        for rule in self.rules:
            own.update(rule.check.identity(key, fields))
        return key_fields(own)

    def admit(self, what: str, key: str, obj: object, fields: Fields) -> Entry[Any]:
        """Run all checks and return the entry to keep.

        Raises:
            CheckError: if a forced check complains; holds what each of them raised.
        """
        identity = self.identity(what, key, fields)
        complaints: list[tuple[Rule, Exception]] = []
        info = dict(fields)
        for rule in self.rules:
            complaint = _examine(rule.check, key, obj, fields, info)
            if complaint is not None:
                complaints.append((rule, complaint))
        self._judge(f"{what}: {key!r}", complaints)
        if complaints:
            info["failed_checks"] = tuple(_text(rule, e) for rule, e in complaints)
        return Entry(key, identity, obj, MappingProxyType(info), location())

    def find(self, what: str, key: str, fields: Fields) -> Entry[Any]:
        """Return the entry of a key and fields.

        Raises:
            NotRegisteredError: if there is none, or a given field is another there.
        """
        identity = self.identity(what, key, fields) if fields else NO_FIELDS
        entry = self.store.find(key, identity)
        if entry is None:
            raise self._missing(what, key, identity)
        if fields:
            self._compare(what, entry, fields)
        return entry

    def on_get(self, what: str, entry: Entry[Any], fields: Fields) -> None:
        """Show an object on its way out to the checks that want to see it.

        Raises:
            CheckError: if a forced check complains.
        """
        if not self._watching:
            return
        complaints: list[tuple[Rule, Exception]] = []
        for rule in self._watching:
            try:
                rule.check.on_get(entry.key, entry.obj, fields)
            # A check runs code of its user: whatever it raises is its complaint.
            except Exception as error:
                complaints.append((rule, error))
        self._judge(f"{what}: {entry.key!r}", complaints)

    def _missing(self, what: str, key: str, identity: KeyFields) -> NotRegisteredError:
        others = self.store.variants(key)
        if not others:
            keys = {entry.key for entry in self.store.entries()}
            return NotRegisteredError(f"{what} has no {key!r}{nearest(str(key), keys)}")
        asked = (
            f"with {describe(identity)}" if identity else f"without {_names(others)}"
        )
        known = "; ".join(
            describe(e.key_fields) or "none of these" for e in others[:20]
        )
        return NotRegisteredError(f"{what} has no {key!r} {asked}; known: {known}")

    def _add_rules(self, rules: Iterable[Rule]) -> None:
        new = [rule for rule in rules if rule not in self.rules]
        self.rules += tuple(new)
        self._known = {name for rule in self.rules for name in rule.check.fields or ()}
        self._takes_any = any(rule.check.fields is None for rule in self.rules)
        self._watching = tuple(
            rule
            for rule in self.rules
            if not rule.is_skipped and type(rule.check).on_get is not Check.on_get
        )

    def _refuse_unknown(self, what: str, fields: Fields) -> None:
        for name in fields:
            if name in RESERVED or not (self._takes_any or name in self._known):
                raise InvalidRegistrationError(
                    f"{what} takes no field {name!r}{nearest(name, self._known)}"
                )

    def _compare(self, what: str, entry: Entry[Any], fields: Fields) -> None:
        for name, value in fields.items():
            # Where a check takes anything, a field may be meant for it alone.
            if name not in entry.info and self._takes_any:
                continue
            if name not in entry.info or entry.info[name] != value:
                has = repr(entry.info[name]) if name in entry.info else "not given"
                raise NotRegisteredError(
                    f"{what} has {entry}, but its {name} is {has}, not {value!r}"
                )

    def _judge(self, where: str, complaints: list[tuple[Rule, Exception]]) -> None:
        refused = [(rule, error) for rule, error in complaints if rule.refuses]
        if refused:
            text = "; ".join(_text(rule, error) for rule, error in refused)
            failures = [error for _, error in refused]
            cause = (
                failures[0] if len(failures) == 1 else ExceptionGroup(text, failures)
            )
            raise CheckError(f"{where} is refused: {text}", failures) from cause
        for rule, error in complaints:
            if not rule.check.forced:
                warn(f"{where} fails a check: {_text(rule, error)}")


def _examine(
    check: Check, key: str, obj: object, fields: Fields, info: dict[str, object]
) -> Exception | None:
    """Run one check, write its findings into the info, return its complaint."""
    complaint: Exception | None = None
    try:
        info.update(check.on_register(key, obj, fields) or {})
    # A check runs code of its user: whatever it raises is its complaint.
    except Exception as error:
        complaint = error
    if check.verdict:
        info[check.verdict] = complaint is None
    return complaint


def _text(rule: Rule, error: Exception) -> str:
    return f"{rule.check.name}: {str(error) or type(error).__name__}"


def _names(entries: Iterable[Entry[Any]]) -> str:
    names = {name for entry in entries for name, _ in entry.key_fields}
    return " and ".join(sorted(names))
