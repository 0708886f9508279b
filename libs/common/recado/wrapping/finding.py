"""Which wrappers are installed, by entry points: ours, and Zocalo's unmodified."""

from __future__ import annotations

from collections.abc import Collection
from importlib import metadata
from typing import Any, Final

from recado.entrypoints import installed
from recado.errors import ConfigError, nearest

OURS: Final = "recado.wrappers"
ZOCALOS: Final = "zocalo.wrappers"


def wrapper_names(plugins: Collection[str] | None = None) -> list[str]:
    """Return the names of all wrappers, of the allowed ``plugins`` if some are given."""
    return sorted(name for name in _installed() if plugins is None or name in plugins)


def check_name(name: str, plugins: Collection[str] | None = None) -> None:
    """Let the name of a wrapper pass.

    Raises:
        ConfigError: if none of that name is installed, or it is not allowed.
    """
    known = wrapper_names(plugins)
    if name not in known:
        is_there = name in _installed()
        hint = "; the setting 'plugins' does not allow it" if is_there else ""
        raise ConfigError(f"no wrapper named {name!r}{hint or nearest(name, known)}")


def load(name: str) -> Any:
    """Return what is installed under the name of a wrapper: a class, if all is well."""
    return _installed()[name].load()


def _installed() -> dict[str, metadata.EntryPoint]:
    return installed(ZOCALOS) | installed(OURS)
