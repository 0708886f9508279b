"""The factory pattern: which classes, instances and functions follow it."""

from __future__ import annotations

from abc import ABC, ABCMeta, abstractmethod
from collections.abc import Callable
from typing import Any, Protocol

import pytest

from recado.registry import CheckError, FactoryPattern, RegistrationWarning, Registry


class Pattern:
    """What the classes below are compared with."""

    size = 3

    def greet(self, name: str, loud: bool = False, *, times: int = 1) -> str:
        """Greet."""
        return f"{name}{loud}{times}"

    @staticmethod
    def make(name: str) -> None:
        """Make."""

    @classmethod
    def load(cls, path: str) -> None:
        """Load."""


class Inherits(Pattern):
    pass


class Meta(type):
    pass


class InheritsWithMetaclass(Pattern, metaclass=Meta):
    pass


class InheritsAbstract(Pattern, ABC):
    @abstractmethod
    def more(self) -> None: ...


class LooksTheSame:
    size = 4

    def greet(self, whom: str, shout: bool = True, *, times: int = 2) -> str:
        return f"{whom}{shout}{times}"

    @staticmethod
    def make(name: str) -> None: ...

    @classmethod
    def load(cls, path: str) -> None: ...


class TakesAnything:
    size = 4

    def greet(self, *args: object, **kwargs: object) -> None: ...

    def make(self, *args: object) -> None: ...

    def load(self, *args: object) -> None: ...


class LacksAMethod:
    size = 4

    def greet(self, name: str, loud: bool = False, *, times: int = 1) -> None: ...


class NeedsMore(LooksTheSame):
    def greet(  # type: ignore[override] # pyright: ignore[reportIncompatibleMethodOverride] - that is the case
        self, whom: str, shout: bool, extra: int, *, times: int = 2
    ) -> str:
        return ""


class IsNoMethod(LooksTheSame):
    greet = "hello"  # type: ignore[assignment] # pyright: ignore[reportAssignmentType] - that is the case


def forced(pattern: Any) -> Registry[object]:
    return Registry("models", checks=[FactoryPattern(pattern, forced=True)])


@pytest.mark.parametrize(
    "thing",
    [
        Pattern,
        Inherits,
        InheritsWithMetaclass,
        InheritsAbstract,
        LooksTheSame,
        TakesAnything,
        Inherits(),
        LooksTheSame(),
    ],
)
def test_what_inherits_or_looks_like_the_pattern_passes(thing: object) -> None:
    models = forced(Pattern)

    models.register_prebuilt(thing, "net")

    assert models.get_info("net")["correct_pattern"] is True


@pytest.mark.parametrize(
    ("thing", "problem"),
    [
        (object, "does not follow Pattern: it has no greet"),
        (LacksAMethod, "it has no load, it has no make"),
        (LacksAMethod(), "it has no load"),
        (NeedsMore, r"its greet takes \(whom: str, shout: bool, extra: int"),
        (NeedsMore(), "its greet takes"),
        (IsNoMethod, "its greet cannot be called"),
        (print, "it has no greet"),
        (lambda: None, "it is a function, the pattern is a class"),
        (3, "it has no greet"),
    ],
)
def test_what_differs_from_the_pattern_is_refused(thing: object, problem: str) -> None:
    models = forced(Pattern)

    with pytest.raises(CheckError, match=problem) as caught:
        models.register_prebuilt(thing, "net")

    assert isinstance(caught.value.__cause__, TypeError)


def test_a_base_of_the_pattern_does_not_follow_it() -> None:
    class Empty:
        pass

    class Child(Empty):
        def run(self) -> None: ...

    with pytest.raises(CheckError, match="it has no run"):
        forced(Child).register_prebuilt(Empty, "net")
    with pytest.raises(CheckError, match="nothing else to compare"):
        forced(Empty).register_prebuilt(int, "net")


def test_a_virtual_subclass_follows_its_abc() -> None:
    class Runs(metaclass=ABCMeta):
        @abstractmethod
        def run(self) -> None: ...

    @Runs.register
    class Other:
        pass

    forced(Runs).register_prebuilt(Other, "net")


def test_a_protocol_can_be_the_pattern() -> None:
    class Runs(Protocol):
        def run(self, speed: int) -> None: ...

    class Runner:
        def run(self, speed: int) -> None: ...

    class Walker:
        def run(self) -> None: ...

    forced(Runs).register_prebuilt(Runner, "net")
    with pytest.raises(CheckError, match="its run takes"):
        forced(Runs).register_prebuilt(Walker, "net")


def test_an_unforced_pattern_warns_and_keeps() -> None:
    models: Registry[object] = Registry("models", checks=[FactoryPattern(Pattern)])

    with pytest.warns(RegistrationWarning, match="FactoryPattern: does not follow"):
        models.register_prebuilt(int, "net")

    assert models.get("net") is int
    assert models.get_info("net")["correct_pattern"] is False


def pattern_function(x: int, *, deep: bool = False) -> str:
    return f"{x}{deep}"


def same(y: int, *, deep: bool = True) -> str:
    return f"{y}{deep}"


def other_answer(x: int, *, deep: bool = False) -> int:
    return x


def no_keyword(x: int) -> str:
    return f"{x}"


def says_less(x: Any, *, deep: bool = False) -> str:
    return f"{x}{deep}"


class Called:
    def __call__(self, x: int, *, deep: bool = False) -> str:
        return f"{x}{deep}"


@pytest.mark.parametrize("function", [pattern_function, same, Called()])
def test_a_function_that_can_be_called_alike_passes(function: object) -> None:
    models = forced(pattern_function)

    models.register_prebuilt(function, "f")

    assert models.get_info("f")["correct_pattern"] is True


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (other_answer, "annotates return int instead of str"),
        (no_keyword, "takes"),
        (says_less, "Any instead of int"),
        (int, "it is a class, the pattern is a function"),
        (3, "it is int and cannot be called"),
    ],
)
def test_a_function_that_differs_is_refused(function: object, problem: str) -> None:
    with pytest.raises(CheckError, match=problem):
        forced(pattern_function).register_prebuilt(function, "f")


def test_annotations_that_cannot_be_resolved_are_compared_as_written() -> None:
    def wanted(x: int) -> None: ...

    def found(y: int) -> None: ...

    for function in (wanted, found):
        function.__annotations__ = dict.fromkeys(function.__annotations__, "Gone")

    forced(wanted).register_prebuilt(found, "f")


def test_an_argument_without_an_annotation_is_refused() -> None:
    def found(y: int, *, deep: bool = False) -> str:
        return f"{y}{deep}"

    del found.__annotations__["y"]

    with pytest.raises(CheckError, match="argument 1 nothing instead of int"):
        forced(pattern_function).register_prebuilt(found, "f")


def test_a_builtin_without_a_signature_gets_the_benefit_of_the_doubt() -> None:
    unknown: Callable[..., object] = max

    forced(pattern_function).register_prebuilt(unknown, "f")
