"""Find everything that is wrong with a recipe, and everything that looks wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain, islice
from typing import Final, NamedTuple

from recado.errors import Problem, RecipeError
from recado.message import Json
from recado.recipe.declaration import declaration_flaws
from recado.recipe.fields import Fields
from recado.recipe.graph import cycles, reachable
from recado.recipe.links import Link, link, links
from recado.recipe.reading import (
    ABOUT,
    DESCRIPTION,
    ERROR,
    OUTPUT,
    PARAMETERS,
    START,
    VERSION,
    step_id,
)
from recado.recipe.values import MAX_PROBLEMS, Flaw, Flaws, Trail, shown
from recado.recipe.versions import is_version

_OUTERMOST: Final = (START, ERROR)


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong with a recipe, and what looks wrong but runs."""

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()

    def raise_errors(self, what: str) -> None:
        """Raise a RecipeError if there are errors."""
        if self.errors:
            raise RecipeError(what, self.errors)


def examine(document: Json) -> Findings:
    """Return all findings of a recipe, in one pass over its steps and links."""
    if not document:
        text = "no recipe defined: it needs 'start' and at least one step"
        return Findings((Problem("", text),))
    if not isinstance(document, dict):
        text = f"a recipe is an object of numbered steps, not {shown(document)}"
        return Findings((Problem("", text),))
    return _Examination(document).findings()


class _Step(NamedTuple):
    trail: Trail
    fields: dict[str, Json]


class _Examination:
    def __init__(self, document: dict[str, Json]) -> None:
        self.errors = Flaws()
        self.warnings = Flaws()
        self.steps: dict[int, _Step] = {}
        for key, value in document.items():
            if key in ABOUT:
                self.errors.extend(_about_flaws(key, value))
            elif key not in _OUTERMOST:
                self._add_step(key, value)
        self.starts = self._sorted(_starts(document.get(START)))
        self.fallbacks = self._sorted(_fallbacks(document.get(ERROR, [])))
        self.outputs = {i: self._links(s, OUTPUT) for i, s in self.steps.items()}
        self.references = {i: self._links(s, ERROR) for i, s in self.steps.items()}

    def findings(self) -> Findings:
        self._check_targets()
        self._check_graph()
        fields = Fields(self.errors, self.warnings)
        for step in self.steps.values():
            fields.examine(step.fields, step.trail)
        self._check_routes()
        return Findings(self.errors.problems(), self.warnings.problems())

    def _add_step(self, key: str, value: Json) -> None:
        number, trail = step_id(key), (None, key)
        if number is None:
            near = get_close_matches(key[:20], (*_OUTERMOST, *sorted(ABOUT)), n=1)
            guess = f"; did you mean {near[0]!r}?" if near else ""
            text = f"{shown(key)} is neither a step's number nor 'start' or 'error'"
            self.errors.add(trail, text + guess)
        elif number in self.steps:
            self.errors.add(trail, f"step {number} is there twice")
        elif not isinstance(value, dict):
            self.errors.add(trail, f"a step is an object, not {shown(value)}")
        else:
            self.steps[number] = _Step(trail, value)

    def _sorted(self, found: Iterable[Link | Flaw]) -> list[Link]:
        kept: list[Link] = []
        for item in found:
            if isinstance(item, Link):
                kept.append(item)
            else:
                self.errors.add(item.trail, item.text)
        return kept

    def _links(self, step: _Step, key: str) -> Sequence[Link]:
        value = step.fields.get(key)
        return () if value is None else self._sorted(links(value, (step.trail, key)))

    def _check_targets(self) -> None:
        inner = chain(*self.outputs.values(), *self.references.values())
        places = chain(self.starts, self.fallbacks, inner)
        missing = [place for place in places if place.target not in self.steps]
        if not missing:
            return
        ids = sorted(self.steps)
        steps = ", ".join(map(str, ids[:20])) + (", …" if len(ids) > 20 else "")
        for place in missing:
            text = f"there is no step {shown(place.target)} (steps: {steps or 'none'})"
            self.errors.add(place.trail, text)

    def _check_graph(self) -> None:
        edges = {
            i: [*self.outputs[i], *also] if (also := self.references[i]) else outputs
            for i, outputs in self.outputs.items()
        }
        for place, ids in cycles(edges):
            self.errors.add(place.trail, f"closes the cycle {ids}")
        # Without a start everything is unreachable, which says nothing new.
        if not self.starts:
            return
        roots = [place.target for place in chain(self.starts, self.fallbacks)]
        seen = reachable(roots, edges)
        for number, step in self.steps.items():
            if number not in seen:
                text = f"unreferenced: nothing from the start leads to step {number}"
                self.errors.add(step.trail, text)

    def _check_routes(self) -> None:
        sent_to = {place.target for place in chain(self.starts, *self.outputs.values())}
        for number, step in self.steps.items():
            if step.fields.get("queue") or step.fields.get("topic"):
                continue
            text = "no queue and no topic: what is sent to this step is lost"
            kind = self.errors if number in sent_to else self.warnings
            kind.add(step.trail, text)


def _about_flaws(key: str, value: Json) -> Iterator[Flaw]:
    trail = (None, key)
    if key == PARAMETERS:
        yield from islice(declaration_flaws(value, trail), MAX_PROBLEMS)
    elif key == DESCRIPTION and not isinstance(value, str):
        yield Flaw(trail, f"a description is a text, not {shown(value)}")
    elif key == VERSION and not (isinstance(value, str) and is_version(value)):
        text = "a version is a text of up to four numbers, such as '1.2'"
        yield Flaw(trail, f"{text}, not {shown(value)}")


def _starts(value: Json) -> Iterator[Link | Flaw]:
    trail = (None, START)
    if not isinstance(value, list) or not value:
        text = "a recipe needs 'start': a list of [step id, payload]"
        got = (
            "" if value is None else f", not {'empty' if value == [] else shown(value)}"
        )
        yield Flaw(trail, text + got)
        return
    for index, entry in enumerate(value):
        place = (trail, index)
        if not isinstance(entry, list) or len(entry) != 2:
            got = f"{len(entry)} values" if isinstance(entry, list) else shown(entry)
            yield Flaw(place, f"a start entry is [step id, payload], not {got}")
        elif entry[0] == START:
            yield Flaw(place, "start points to itself; name a step's id")
        else:
            yield link(entry[0], (place, 0))


def _fallbacks(value: Json) -> Iterator[Link | Flaw]:
    trail = (None, ERROR)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield _fallback(item, (trail, index))
    elif isinstance(value, int) and not isinstance(value, bool):
        yield link(value, trail)
    else:
        yield Flaw(trail, f"'error' is a list of step ids, not {shown(value)}")


def _fallback(value: Json, trail: Trail) -> Link | Flaw:
    if value in _OUTERMOST:
        return Flaw(trail, f"'error' cannot point to {value!r}; name a step's id")
    return link(value, trail)
