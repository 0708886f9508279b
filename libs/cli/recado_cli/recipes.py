"""``recado recipe``: check, show and list recipes; needs no broker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recado_cli.common import Common, Group, option, pass_common, relative
from recado_cli.completing import recipes_or_files
from recado_cli.output import count, print_json, print_table, talk

if TYPE_CHECKING:
    from recado.recipe import Findings, Recipe, RecipeFolder


@click.group(cls=Group)
def recipe() -> None:
    """Check, show and list recipes."""


@recipe.command()
@click.argument(
    "names",
    metavar="FILE|NAME...",
    nargs=-1,
    required=True,
    shell_complete=recipes_or_files,
)
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def check(common: Common, names: tuple[str, ...], as_json: bool) -> None:
    """Check recipes, and tell every problem of each.

    The exit code is 1 if one has errors; warnings are told, and that is all.
    """
    folder = _folder(common)
    found = {name: _findings(folder, name) for name in names}
    if as_json:
        print_json([_checked(name, each) for name, each in found.items()])
    else:
        for name, each in found.items():
            _tell(name, each)
    wrong = [name for name, each in found.items() if each.errors]
    if wrong:
        from recado_cli.failing import FailedError

        raise FailedError(
            f"{count(len(wrong), 'recipe')} of {len(found)} cannot be run"
        )


@recipe.command()
@click.argument("name", metavar="FILE|NAME", shell_complete=recipes_or_files)
@option("--json", "as_json", is_flag=True, help="Print the recipe as it travels.")
@pass_common
def show(common: Common, name: str, as_json: bool) -> None:
    """Show a recipe: its steps, and where each sends to."""
    found = _loaded(_folder(common), name)
    if as_json:
        print_json(found.to_json())
        return
    starts = {number for number, _ in found.start}
    print_table(
        ["step", "to", "service", "sends to"],
        [
            [
                f"{number}{' (start)' if number in starts else ''}",
                step.queue or (f"topic {step.topic}" if step.topic else None),
                step.service,
                _outputs(step.outputs),
            ]
            for number, step in found.steps.items()
        ],
    )


@recipe.command()
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def ls(common: Common, as_json: bool) -> None:
    """List the recipes of the recipe folder."""
    folder = _folder(common)
    found = {name: _findings(folder, name) for name in folder.names()}
    if as_json:
        print_json([_checked(name, each) for name, each in found.items()])
        return
    if not folder.path.is_dir():
        from recado_cli.samples import SAMPLES

        talk(f"there is no folder {folder.path}; {SAMPLES}")
    print_table(
        ["recipe", "problems"],
        [[name, len(each.errors) or None] for name, each in found.items()],
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


def _folder(common: Common) -> RecipeFolder:
    from recado.recipe import RecipeFolder

    return RecipeFolder(common.settings().recipes)


def _is_file(name: str) -> bool:
    return name.endswith(".json") or "/" in name


def _loaded(folder: RecipeFolder, name: str) -> Recipe:
    from recado.recipe import read_recipe

    if _is_file(name):
        return read_recipe(Path(name).read_bytes(), Path(name).name)
    return folder.load(name)


def _findings(folder: RecipeFolder, name: str) -> Findings:
    from recado.errors import NotFoundError, Problem, RecipeError
    from recado.recipe import Findings
    from recado.recipe import check as check_recipe

    try:
        if _is_file(name):
            return check_recipe(Path(name).read_bytes(), name)
        return check_recipe(folder.load(name), name)
    except RecipeError as error:
        return Findings(error.problems)
    except NotFoundError as error:
        return Findings((Problem("", str(error)),))
    except OSError as error:
        return Findings((Problem("", f"cannot be read: {error.strerror}"),))


def _checked(name: str, findings: Findings) -> dict[str, Any]:
    return {
        "recipe": name,
        "errors": [{"path": it.path, "text": it.text} for it in findings.errors],
        "warnings": [{"path": it.path, "text": it.text} for it in findings.warnings],
    }


def _tell(name: str, findings: Findings) -> None:
    if not findings.errors and not findings.warnings:
        click.echo(f"{name}: fine")
        return
    warned = [f"warning: {problem}" for problem in findings.warnings]
    click.echo(f"{name}: {_summary(findings)}")
    for line in [*map(str, findings.errors), *warned]:
        click.echo(f"  {line}")


def _summary(findings: Findings) -> str:
    counts = [(len(findings.errors), "error"), (len(findings.warnings), "warning")]
    return ", ".join(count(number, noun) for number, noun in counts if number)


def _outputs(outputs: Mapping[str | None, Sequence[int]]) -> str:
    return "; ".join(
        f"{f'{channel}: ' if channel else ''}{', '.join(map(str, steps))}"
        for channel, steps in outputs.items()
        if steps
    )
