"""What ``recado recipe graph`` prints or writes: a recipe's graph in one of its forms."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from recado.recipe import Recipe
from recado.recipe.picture import diagram_of, dot, outline, svg
from recado_cli.failing import FailedError
from recado_cli.output import clean

MAX_LINKS: Final = 30_000
"""The links of a picture; more of them are nothing but black."""


def form_of(form: str | None, file: str | None) -> str:
    """Return the form that is asked for, if need be by the ending of the file's name."""
    ending = Path(file).suffix.removeprefix(".") if file else ""
    return form or {"svg": "svg", "dot": "dot", "gv": "dot"}.get(ending, "text")


def drawn(name: str, recipe: Recipe, form: str) -> str:
    """Return a recipe's graph as a text of that form.

    Raises:
        FailedError: if it has more links than a picture can show.
    """
    diagram = diagram_of(recipe)
    title = f"recipe {name}"
    if form == "dot":
        return dot(diagram, title)
    if form == "text":
        return "".join(f"{clean(line)}\n" for line in outline(diagram))
    if len(diagram.edges) > MAX_LINKS:
        raise FailedError(
            f"{title} has {len(diagram.edges)} links, a picture at most {MAX_LINKS}; "
            "--format dot and --format text take any number"
        )
    return svg(diagram, title)
