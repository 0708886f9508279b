"""The dispatcher's plug-ins: which are installed, which are used, and in what order."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Final, Literal, TypeAlias

from recado.entrypoints import loaded, titled
from recado.errors import ConfigError, nearest

Kind: TypeAlias = Literal["filter", "ready check"]

_OURS: Final[dict[Kind, str]] = {
    "filter": "recado.dispatcher.filters",
    "ready check": "recado.dispatcher.ready",
}
_ZOCALO: Final[dict[Kind, str]] = {
    "filter": "zocalo.services.dispatcher.filters",
    "ready check": "zocalo.services.dispatcher.ready_for_processing",
}
_SETTINGS: Final[dict[Kind, str]] = {
    "filter": "filters",
    "ready check": "ready_checks",
}


@dataclass(frozen=True, slots=True)
class Plugin:
    """A filter or a ready check; one made for Zocalo is given what Zocalo gives it."""

    kind: Kind
    name: str
    call: Callable[..., Any]
    is_zocalo: bool = False

    @property
    def title(self) -> str:
        """What errors and logs call it."""
        return f"{self.kind} {self.name!r}"

    @property
    def is_async(self) -> bool:
        """Whether it waits on the event loop, and needs no thread."""
        call = self.call
        return inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(
            getattr(call, "__call__", None)  # noqa: B004 - an object with such a method
        )


def find_plugins(
    kind: Kind,
    chosen: Sequence[str] | None,
    allowed: Collection[str] | None,
) -> list[Plugin]:
    """Return the plug-ins of a kind, in the order in which they are to be used.

    That is the order of ``chosen``, or else ours before Zocalo's, each by name.

    Raises:
        ConfigError: for a name that is not there, or twice, or cannot be loaded: a filter
            that is left out silently would have wrong things run.
    """
    points = [
        point
        for group in (_OURS[kind], _ZOCALO[kind])
        for point in sorted(metadata.entry_points(group=group), key=lambda p: p.name)
        if allowed is None or point.name in allowed
    ]
    _check_once(kind, points)
    known = {point.name: point for point in points}
    names = list(known) if chosen is None else chosen
    if unknown := [name for name in names if name not in known]:
        setting, hint = _SETTINGS[kind], nearest(unknown[0], known)
        raise ConfigError(f"{setting}: no {kind} {unknown[0]!r} is installed{hint}")
    return [_loaded(kind, known[name]) for name in dict.fromkeys(names)]


def _check_once(kind: Kind, points: Sequence[metadata.EntryPoint]) -> None:
    counts = Counter(point.name for point in points)
    for name, count in counts.items():
        if count > 1:
            values = " and ".join(x.value for x in points if x.name == name)
            raise ConfigError(
                f"{kind} {name!r} is installed {count} times: {values}; "
                "nobody can tell which is meant"
            )


def _loaded(kind: Kind, point: metadata.EntryPoint) -> Plugin:
    found = loaded(kind, point)
    if not callable(found):
        where = titled(kind, point)
        raise ConfigError(f"{where}: cannot be called: {found!r:.80}")
    return Plugin(kind, point.name, found, point.group == _ZOCALO[kind])
