"""What type checkers know of registries; this file is checked and never run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, assert_type

from recado.registry import (
    Check,
    Entry,
    Factory,
    FactoryPattern,
    Registry,
    Testing,
    Versioning,
    default,
)

Function = Callable[[int], int]

functions: Registry[Function] = Factory.create_registry(
    "expansion functions", checks=[Versioning()]
)
own: Registry[type[Exception]] = Registry("errors")


@functions.register("double", version="1", date="2024-05-01")
def double(x: int) -> int:
    return 2 * x


@functions.register_arguments(key="double")
@dataclass
class DoubleArguments:
    width: int


@own.register(call_name="mine")
class MineError(Exception):
    code = 3


class Parts(Factory):
    models = Factory.create_registry("models", shared=True)


class Documented(Check):
    def on_register(self, key: str, obj: object, fields: object) -> None:
        if not obj.__doc__:
            raise ValueError("it has no docstring")


def use() -> None:
    assert_type(functions.get("double"), Function)
    assert_type(functions.get("double", version="1"), Function)
    assert_type(functions.get("double", None), Function | None)
    assert_type(functions.get("double", default="none"), Function | str)
    assert_type(functions["double"], Function)
    assert_type(functions.items(), list[tuple[str, Function]])
    assert_type(functions.entry("double"), Entry[Function])
    assert_type(functions.unregister("double"), Function)
    assert_type(functions.register_prebuilt(double, "twice"), Function)
    assert_type(own["mine"](), Exception)
    assert_type(Parts.models, Registry[Any])
    assert_type(default.keys(), list[str])


def what_a_decorator_returns_is_what_it_got() -> None:
    assert_type(double(3), int)
    assert_type(MineError().code, int)
    assert_type(DoubleArguments(3).width, int)


def what_does_not_fit_is_an_error() -> None:
    functions.register_prebuilt("no function", "x")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - the error is the claim
    functions.register(double)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - the error is the claim


with functions.override("double", lambda x: x) as stand_in:
    assert_type(stand_in, Function)

checks: list[Check] = [Documented(), FactoryPattern(double), Testing(print)]
