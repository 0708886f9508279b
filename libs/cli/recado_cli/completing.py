"""What a shell offers for an argument: recipes and services by their names."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from recado_cli.common import settings_of


def recipe_names(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the recipes of the folder that begin so."""
    from recado.config import load_settings
    from recado.errors import ConfigError
    from recado.recipe import RecipeFolder

    common = settings_of(ctx)
    try:
        settings = load_settings(common.flags, environment=common.environment)
    except ConfigError:
        return []
    names = RecipeFolder(settings.recipes).names()
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def recipes_or_files(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the recipes that begin so; if there are none it is a file's name."""
    found = recipe_names(ctx, param, incomplete)
    return found or [CompletionItem(incomplete, type="file")]


def service_names(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the services that begin so, behind those that are there already."""
    from recado.discovery import service_names as installed

    head, comma, last = incomplete.rpartition(",")
    return [
        CompletionItem(f"{head}{comma}{name}")
        for name in installed()
        if name.startswith(last)
    ]
