"""Where each setting comes from: a flag, a variable, the file, or the default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli

from recado.config import (
    CONFIG_VARIABLE,
    ENVIRONMENT_VARIABLE,
    FILE,
    PREFIX,
    SETTINGS,
    Settings,
    shown,
)
from recado_cli.common import Common


def settings_with_sources(
    settings: Settings, common: Common
) -> list[tuple[str, str, str]]:
    """Return each setting's name, its value fit to be shown, and who gave it."""
    tables = _tables(common.environment)
    return [
        (name, shown(str(getattr(settings, name))), _source(name, common, tables))
        for name in SETTINGS
    ]


def _source(name: str, common: Common, tables: Mapping[str, Mapping[str, Any]]) -> str:
    variable = f"{PREFIX}{name.upper()}"
    if name in common.flags:
        return f"--{name.replace('_', '-')}"
    for given in (variable, f"{variable}_FILE"):
        if os.environ.get(given):
            return given
    for table, content in tables.items():
        if name in content:
            return f"{FILE} [{table}]"
    return "default"


def _tables(environment: str | None) -> dict[str, Mapping[str, Any]]:
    path = Path(os.environ.get(CONFIG_VARIABLE) or FILE).expanduser()
    if not path.is_file():
        return {}
    # It has been read without complaint once already, for the settings themselves.
    document = tomli.loads(path.read_text(encoding="utf-8"))
    chosen = environment or os.environ.get(ENVIRONMENT_VARIABLE, "")
    named = document.get("environment", {}).get(chosen, {})
    return {f"environment.{chosen}": named, "default": document.get("default", {})}
