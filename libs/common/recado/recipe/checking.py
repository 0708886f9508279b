"""Find everything that is wrong with a recipe, and everything that looks wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain, islice
from typing import Final

from recado.errors import Problem, RecipeError
from recado.message import Json
from recado.recipe.declaration import declaration_flaws
from recado.recipe.graph import cycles, reachable
from recado.recipe.links import Link, link, links
from recado.recipe.policy import POLICY, policy_flaws
from recado.recipe.reading import (
    ABOUT,
    DELAY,
    DESCRIPTION,
    ERROR,
    KNOWN,
    MAX_DELAY_S,
    MAX_NAME,
    OUTPUT,
    PARAMETERS,
    ROUTES,
    START,
    VERSION,
    seconds,
    step_id,
)
from recado.recipe.values import MAX_PROBLEMS, Flaw, Flaws, Trail, shown
from recado.recipe.versions import is_version

_MAX_GUESSES: Final = 100
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


@dataclass(frozen=True, slots=True)
class _Step:
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
        for step in self.steps.values():
            self.errors.extend(_field_errors(step))
            self.warnings.extend(_field_warnings(step))
        self._check_routes()
        self.warnings.extend(_misspelt(self.steps.values()))
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

    def _links(self, step: _Step, key: str) -> list[Link]:
        return self._sorted(links(step.fields.get(key), (step.trail, key)))

    def _check_targets(self) -> None:
        ids = sorted(self.steps)
        steps = ", ".join(map(str, ids[:20])) + (", …" if len(ids) > 20 else "")
        inner = chain(*self.outputs.values(), *self.references.values())
        for place in chain(self.starts, self.fallbacks, inner):
            if place.target not in self.steps:
                text = (
                    f"there is no step {shown(place.target)} (steps: {steps or 'none'})"
                )
                self.errors.add(place.trail, text)

    def _check_graph(self) -> None:
        edges = {i: [*self.outputs[i], *self.references[i]] for i in self.steps}
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


def _field_errors(step: _Step) -> Iterator[Flaw]:
    for key in ROUTES:
        value = step.fields.get(key)
        if value is None:
            continue
        if not isinstance(value, str) or not value:
            got = "empty" if value == "" else shown(value)
            yield Flaw((step.trail, key), f"a {key} is named by a text, not {got}")
        elif "{" not in value and len(value.encode()) > MAX_NAME:
            yield Flaw((step.trail, key), f"a name has at most {MAX_NAME} bytes")
    delay = step.fields.get(DELAY)
    if delay is not None and not _is_template(delay) and seconds(delay) is None:
        text = f"a delay is seconds from 0 to {MAX_DELAY_S}, not {shown(delay)}"
        yield Flaw((step.trail, DELAY), text)
    for key in POLICY:
        if (value := step.fields.get(key)) is not None:
            yield from policy_flaws(key, value, (step.trail, key), templates=True)


def _field_warnings(step: _Step) -> Iterator[Flaw]:
    fields = step.fields
    if fields.get("queue") and fields.get("topic"):
        text = "both a queue and a topic: every message is sent to both"
        yield Flaw(step.trail, text)
    parameters = fields.get("parameters")
    if not isinstance(parameters, dict | None) and not _is_template(parameters):
        text = f"services expect an object, not {shown(parameters)}"
        yield Flaw((step.trail, "parameters"), text)
    output = fields.get(OUTPUT)
    for channel, item in output.items() if isinstance(output, dict) else ():
        if isinstance(item, dict):
            text = "channels inside a channel: zocalo's services cannot send there"
            yield Flaw(((step.trail, OUTPUT), channel), text)


def _is_template(value: Json) -> bool:
    return isinstance(value, str) and "{" in value


def _misspelt(steps: Iterable[_Step]) -> Iterator[Flaw]:
    guesses: dict[str, str | None] = {}
    for step in steps:
        for key in step.fields:
            if key in KNOWN:
                continue
            if key not in guesses and len(guesses) < _MAX_GUESSES:
                guesses[key] = _guess(key)
            if meant := guesses.get(key):
                text = f"unknown key {shown(key)}; did you mean {meant!r}?"
                yield Flaw((step.trail, key), text)


def _guess(key: str) -> str | None:
    word = _spelt(key[:40])
    near = get_close_matches(word, _SPELT, n=1, cutoff=0.8)
    # 'job_parameters' is a key of its own, 'parameter' and 'timeout' hardly are.
    return _SPELT[near[0]] if near and abs(len(near[0]) - len(word)) <= 2 else None


def _spelt(key: str) -> str:
    return key.lower().replace("_", "-")


_SPELT: Final = {_spelt(key): key for key in KNOWN}
