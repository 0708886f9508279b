"""Entry points: what installed packages offer by name, and how it is loaded."""

from __future__ import annotations

from importlib import metadata

from recado.errors import ConfigError


def installed(group: str) -> dict[str, metadata.EntryPoint]:
    """Return what packages offer in a group, by name; nothing is imported."""
    return {point.name: point for point in metadata.entry_points(group=group)}


def titled(kind: str, point: metadata.EntryPoint) -> str:
    """Return what errors call an entry point: its kind, its name, and where it leads."""
    return f"{kind} {point.name!r} ({point.value})"


def loaded(kind: str, point: metadata.EntryPoint) -> object:
    """Return what an entry point leads to; its package is imported for that.

    Raises:
        ConfigError: if it cannot be, with what was raised meanwhile.
    """
    try:
        found: object = point.load()
    # A plug-in may fail to import in any way; it must not take the others along.
    except Exception as error:
        where = titled(kind, point)
        raise ConfigError(f"{where}: {type(error).__name__}: {error}") from error
    return found
