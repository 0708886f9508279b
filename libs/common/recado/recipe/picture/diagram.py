"""What is drawn of a recipe: its steps, its start, and the links between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from recado.recipe.model import Recipe
from recado.recipe.reading import DELAY, ERROR, START
from recado.recipe.step import RecipeStep

Kind: TypeAlias = Literal["queue", "topic", "nowhere", "start", "failure"]


@dataclass(frozen=True, slots=True)
class Node:
    """A step, or where messages come from: the start, and any failure."""

    key: str
    """A step's number, or ``start``, or ``error``."""

    kind: Kind
    name: str = ""
    """The step's service, if the recipe names it."""

    place: str = ""
    """Its queue, its topic, or both."""

    notes: str = ""
    """How it is done: delay, retries, time limit, priority."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A link from node to node; ``label`` names the output's channels."""

    source: str
    target: str
    label: str = ""
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Diagram:
    """Everything that is drawn; each edge leads to a node that is there."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def diagram_of(recipe: Recipe) -> Diagram:
    """Return what is drawn of a recipe.

    Raises:
        RecipeError: if it was never checked, and something in it is malformed.
    """
    steps = list(recipe.steps.values())
    edges = [Edge(START, str(number)) for number, _ in recipe.start]
    edges += [Edge(ERROR, str(number), is_error=True) for number in recipe.error]
    for step in steps:
        edges += _links(step)
    nodes = [Node(START, "start")]
    if recipe.error:
        nodes.append(Node(ERROR, "failure", "any failure"))
    nodes += map(_node, steps)
    known = {node.key for node in nodes}
    return Diagram(
        tuple(nodes), tuple(_together(edge for edge in edges if edge.target in known))
    )


def _links(step: RecipeStep) -> Iterator[Edge]:
    for channel, targets in step.outputs.items():
        for target in targets:
            yield Edge(str(step.id), str(target), channel or "")
    for target in step.error:
        yield Edge(str(step.id), str(target), is_error=True)


def _together(edges: Iterable[Edge]) -> Iterator[Edge]:
    """Yield edges of the same kind between the same nodes as one, with all their labels."""
    labels: dict[tuple[str, str, bool], dict[str, None]] = {}
    for edge in edges:
        key = edge.source, edge.target, edge.is_error
        labels.setdefault(key, {})[edge.label] = None
    for (source, target, is_error), names in labels.items():
        yield Edge(source, target, ", ".join(filter(None, names)), is_error)


def _node(step: RecipeStep) -> Node:
    places = [step.queue or "", f"topic {step.topic}" if step.topic else ""]
    kind: Kind = "queue" if step.queue else "topic" if step.topic else "nowhere"
    place = " + ".join(filter(None, places)) or "no queue"
    return Node(str(step.id), kind, step.service or "", place, " · ".join(_notes(step)))


def _notes(step: RecipeStep) -> Iterator[str]:
    # As the recipe has them: a value may be a template still.
    said = {key: step.raw[key] for key in _NOTES if step.raw.get(key) is not None}
    for key, value in said.items():
        if isinstance(value, Mapping):
            value = value.get("attempts")
        if value is not None and value is not True:
            yield _NOTES[key].format("no" if value is False else value)


_NOTES: Final[Mapping[str, str]] = {
    DELAY: "after {} s",
    "retry": "{} attempts",
    "timeout_s": "at most {} s",
    "priority": "priority {}",
    "reports": "{} reports",
}
