"""Where each setting comes from: a flag, a variable, a file, or the default."""

from __future__ import annotations

from recado.config import load_with_sources, shown
from recado_cli.common import Common


def settings_with_sources(common: Common) -> list[tuple[str, str, str]]:
    """Return each setting's name, its value fit to be shown, and who gave it.

    Raises:
        ConfigError: with every problem, each with its source.
    """
    settings, sources = load_with_sources(common.flags, environment=common.environment)
    return [
        (name, shown(str(getattr(settings, name))), source)
        for name, source in sources.items()
    ]
