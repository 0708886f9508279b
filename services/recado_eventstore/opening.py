"""Which store a URL means."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from recado.config import STORE_SCHEMES, shown
from recado.errors import ConfigError, nearest
from recado_eventstore.store import OnAppend, Store

_SQLITE: Final = "sqlite:///"


def open_store(url: str, on_append: OnAppend = lambda _: None) -> Store:
    """Return the store that a URL means, not opened yet.

    Raises:
        ConfigError: if there is no such kind of store, or the URL names no file.
    """
    scheme, mark, _ = url.partition("://")
    if not mark or scheme not in STORE_SCHEMES:
        hint = nearest(scheme, STORE_SCHEMES)
        raise ConfigError(f"store: unknown scheme in {shown(url)!r}{hint}")
    if scheme != "sqlite":
        raise ConfigError(
            f"store: {scheme} is not there yet, in {shown(url)!r}; use {_SQLITE}FILE"
        )
    from recado_eventstore.sqlite import SqliteStore

    return SqliteStore(_file(url), on_append)


def _file(url: str) -> Path:
    path = url.removeprefix(_SQLITE)
    if not url.startswith(_SQLITE) or not path.strip("/") or path == ":memory:":
        raise ConfigError(f"store: {url!r} names no file; use {_SQLITE}FILE")
    if "?" in path:
        raise ConfigError(f"store: {url!r} has options, but there are none to set")
    return Path(path)
