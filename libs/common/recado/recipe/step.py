"""A step of a recipe, and the steps of one by id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from recado.errors import Problem, RecipeError
from recado.message import Json
from recado.recipe.checking import Findings
from recado.recipe.links import channels, links, targets
from recado.recipe.policy import (
    PRIORITY,
    REPORTS,
    RETRY,
    TIMEOUT,
    policy_flaws,
    policy_value,
)
from recado.recipe.reading import DELAY, ERROR, KNOWN, OUTPUT, seconds, step_id
from recado.recipe.values import Flaw, Flaws, shown


@dataclass(frozen=True, slots=True)
class RecipeStep:
    """A step of a recipe: where its messages go, and what comes after it.

    ``raw`` is its JSON form, to be read only. A property raises RecipeError if what it
    reads is malformed, which only a recipe that was never checked can be.
    """

    id: int
    raw: dict[str, Json]

    @property
    def queue(self) -> str | None:
        """The queue that the step's messages are sent to."""
        return self._name("queue")

    @property
    def topic(self) -> str | None:
        """The topic that the step's messages are broadcast on."""
        return self._name("topic")

    @property
    def exchange(self) -> str | None:
        """RabbitMQ's exchange, where it is not the default one."""
        return self._name("exchange")

    @property
    def service(self) -> str | None:
        """The label of the service, for people."""
        return self._name("service")

    @property
    def delay_s(self) -> float | None:
        """How long a message waits before it is delivered, unless its sender says."""
        value = self.raw.get(DELAY)
        delay = seconds(value)
        if value is not None and delay is None:
            raise self._bad(DELAY, f"a delay is in seconds, not {shown(value)}")
        return delay

    @property
    def retry(self) -> dict[str, float]:
        """How often a message is tried, and how it waits; what is unset is the service's."""
        value = self._policy(RETRY)
        return cast("dict[str, float]", value) if value is not None else {}

    @property
    def timeout_s(self) -> float | None:
        """How long a message may take; none if the service says."""
        return cast("float | None", self._policy(TIMEOUT))

    @property
    def priority(self) -> int | None:
        """The priority of the step's messages, 0 to 9; none if nobody says."""
        return cast("int | None", self._policy(PRIORITY))

    @property
    def reports(self) -> bool:
        """Whether the step's service reports what it handled, as recado's do."""
        return self._policy(REPORTS) is not False

    @property
    def outputs(self) -> dict[str | None, tuple[int, ...]]:
        """The ids of the next steps by channel; channel none is the unnamed output."""
        value = self.raw.get(OUTPUT)
        self._check_links(OUTPUT, value)
        return channels(value)

    @property
    def error(self) -> tuple[int, ...]:
        """The ids of the steps that are told of a message which failed in this step."""
        value = self.raw.get(ERROR)
        self._check_links(ERROR, value)
        return targets(value)

    @property
    def parameters(self) -> dict[str, Json]:
        """What the recipe tells the step's service."""
        value = self.raw.get("parameters")
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self._bad("parameters", f"must be an object, not {shown(value)}")
        return value

    @property
    def wrapper(self) -> Json:
        """What the recipe tells ``recado wrap``."""
        return self.raw.get("wrapper")

    @property
    def extra(self) -> dict[str, Json]:
        """The keys that mean nothing to recado and are carried along."""
        return {key: value for key, value in self.raw.items() if key not in KNOWN}

    def _name(self, key: str) -> str | None:
        value = self.raw.get(key) or None
        if value is not None and not isinstance(value, str):
            raise self._bad(key, f"must be a text, not {shown(value)}")
        return value

    def _policy(self, key: str) -> Json:
        value = self.raw.get(key)
        if value is None:
            return None
        flaws = Flaws()
        flaws.extend(policy_flaws(key, value, (None, key), templates=False))
        Findings(flaws.problems()).raise_errors(f"recipe step {self.id}")
        return policy_value(key, value)

    def _check_links(self, key: str, value: Json) -> None:
        flaws = Flaws()
        flaws.extend(x for x in links(value, (None, key)) if isinstance(x, Flaw))
        Findings(flaws.problems()).raise_errors(f"recipe step {self.id}")

    def _bad(self, key: str, text: str) -> RecipeError:
        return RecipeError(f"recipe step {self.id}", [Problem(key, text)])


class Steps(Mapping[int, RecipeStep]):
    """A recipe's steps by id, each made when it is asked for."""

    __slots__ = ("_raw",)

    def __init__(self, raw: dict[str, Json]) -> None:
        self._raw = raw

    def __getitem__(self, number: int) -> RecipeStep:
        fields = self._raw.get(str(number))
        # Another program's recipe may write 1 as "01".
        if fields is None:
            fields = next(
                (v for k, v in self._raw.items() if step_id(k) == number), None
            )
        if not isinstance(fields, dict):
            raise KeyError(number)
        return RecipeStep(number, fields)

    def __iter__(self) -> Iterator[int]:
        ids = (step_id(key) for key in self._raw)
        return (number for number in ids if number is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)
