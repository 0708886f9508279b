"""``recado recipe``: check, show, draw and list recipes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recado_cli.common import Common, Group, option, pass_common, relative
from recado_cli.completing import recipes_or_files
from recado_cli.output import count, print_json, print_table, talk

if TYPE_CHECKING:
    from recado.recipe import Findings
    from recado_cli.recipe.library import Library, Look

named = click.argument("name", metavar="FILE|NAME", shell_complete=recipes_or_files)


@click.group(cls=Group)
def recipe() -> None:
    """Check, show, draw and list recipes."""


@recipe.command()
@click.argument(
    "names",
    metavar="FILE|NAME...",
    nargs=-1,
    required=True,
    shell_complete=recipes_or_files,
)
@option(
    "--live",
    is_flag=True,
    help="Ask the registry, and warn of queues and services that nobody runs.",
)
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def check(common: Common, names: tuple[str, ...], live: bool, as_json: bool) -> None:
    """Check recipes, and tell every problem of each.

    The exit code is 1 if one has errors; warnings are told, and that is all.
    """
    library = _library(common)
    looks = [library.look(name) for name in dict.fromkeys(names)]
    if live:
        from recado_cli.recipe.alive import asked, compared

        looks = compared(looks, asked(common.settings()))
    if as_json:
        print_json([look.to_json() for look in looks])
    else:
        for look in looks:
            _tell(look)
    _fail_if_wrong(looks)


@recipe.command()
@named
@option("--json", "as_json", is_flag=True, help="Print the recipe as JSON.")
@pass_common
def show(common: Common, name: str, as_json: bool) -> None:
    """Show a recipe: what it is, its parameters, its steps and where each sends to."""
    found = _library(common).load(name)
    if as_json:
        print_json(found.to_json())
        return
    from recado_cli.recipe.page import print_recipe

    print_recipe(name, found)


@recipe.command()
@named
@option(
    "--format",
    "form",
    type=click.Choice(["text", "dot", "svg"]),
    help="An outline, Graphviz's language, or a picture; else as the file's name ends.",
)
@option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write to a file.",
)
@pass_common
def graph(common: Common, name: str, form: str | None, output: str | None) -> None:
    """Draw a recipe: which step sends to which."""
    from recado_cli.recipe.drawing import drawn, form_of

    text = drawn(name, _library(common).load(name), form_of(form, output))
    if output and output != "-":
        Path(output).write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)


@recipe.command()
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def ls(common: Common, as_json: bool) -> None:
    """List the recipes of the recipe folder."""
    library = _library(common)
    looks = [library.look(name) for name in library.names()]
    if as_json:
        print_json([look.to_json() for look in looks])
        return
    if not library.folder.path.is_dir():
        from recado_cli.samples import SAMPLES

        talk(f"there is no folder {library.folder.path}; {SAMPLES}")
    print_table(
        ["recipe", "version", "problems", "description"],
        [
            [
                look.name,
                look.recipe.version if look.recipe else None,
                len(look.findings.errors) or None,
                look.recipe.description if look.recipe else None,
            ]
            for look in looks
        ],
    )


@recipe.command()
@pass_common
def samples(common: Common) -> None:
    """Copy the recipes that come with recado into the recipe folder.

    What is there already stays as it is.
    """
    from recado_cli.samples import copy_samples

    folder = common.settings().recipes
    copied = copy_samples(folder)
    for name in copied:
        click.echo(name)
    talk(f"{count(len(copied), 'file')} copied to {relative(folder)}")


def _library(common: Common) -> Library:
    from recado_cli.recipe.library import Library

    return Library(common.settings())


def _tell(look: Look) -> None:
    findings = look.findings
    if not findings.errors and not findings.warnings:
        click.echo(f"{look.name}: fine")
        return
    warned = [f"warning: {problem}" for problem in findings.warnings]
    click.echo(f"{look.name}: {_summary(findings)}")
    for line in [*map(str, findings.errors), *warned]:
        click.echo(f"  {line}")


def _summary(findings: Findings) -> str:
    counts = [(len(findings.errors), "error"), (len(findings.warnings), "warning")]
    return ", ".join(count(number, noun) for number, noun in counts if number)


def _fail_if_wrong(looks: Sequence[Look]) -> None:
    wrong = [look for look in looks if look.findings.errors]
    if not wrong:
        return
    from recado_cli.failing import FailedError

    text = f"{count(len(wrong), 'recipe')} of {len(looks)} cannot be run"
    raise FailedError(text)
