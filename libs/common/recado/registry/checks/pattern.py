"""The factory pattern: every object looks like one class or one function."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable
from inspect import getattr_static
from types import FunctionType

from recado.registry.checks.base import Check
from recado.registry.checks.calls import Call, mismatch
from recado.registry.entry import Fields


class FactoryPattern(Check):
    """Compare every object with a class, or with a function.

    A class passes if it inherits the pattern, or has its public attributes, methods
    callable in every way the pattern's are. So does an instance of such a class. A
    function passes if it can be called as the pattern can and has its annotations;
    what its arguments are called does not matter.
    """

    verdict = "correct_pattern"

    def __init__(
        self, factory_pattern: type | Callable[..., object], forced: bool = False
    ) -> None:
        super().__init__(forced=forced)
        self.factory_pattern = factory_pattern

    def on_register(self, key: str, obj: object, fields: Fields) -> None:
        """Complain of everything in which the object differs from the pattern."""
        pattern = self.factory_pattern
        name = getattr(pattern, "__name__", repr(pattern))
        if isinstance(pattern, type):
            problems = _against_class(obj, pattern)
        else:
            problems = _against_function(obj, pattern)
        if problems:
            raise TypeError(f"does not follow {name}: {', '.join(problems)}")


def _against_class(obj: object, pattern: type) -> list[str]:
    made = obj if isinstance(obj, type) else type(obj)
    if isinstance(obj, FunctionType):
        return ["it is a function, the pattern is a class"]
    if _inherits(made, pattern):
        return []
    names = [name for name in dir(pattern) if not name.startswith("_")]
    if not names:
        return ["it does not inherit the pattern, which has nothing else to compare"]
    found = [_against_member(obj, pattern, name) for name in names]
    return [problem for problem in found if problem]


def _inherits(made: type, pattern: type) -> bool:
    if pattern in made.__mro__:
        return True
    # A protocol's issubclass looks at names only, which says less than we check.
    is_protocol = getattr(pattern, "_is_protocol", False)
    virtual = isinstance(pattern, ABCMeta) and not is_protocol
    return virtual and issubclass(made, pattern)


def _against_member(obj: object, pattern: type, name: str) -> str:
    if not hasattr(obj, name):
        return f"it has no {name}"
    wanted = getattr_static(pattern, name)
    if not callable(getattr(pattern, name)):
        return ""
    found = getattr(obj, name)
    if not callable(found):
        return f"its {name} cannot be called"
    of_class = isinstance(obj, type)
    ours = Call.of(getattr_static(obj, name)) if of_class else Call.plain(found)
    problem = mismatch(ours, Call.of(wanted))
    return f"its {name} {problem}" if problem else ""


def _against_function(obj: object, pattern: Callable[..., object]) -> list[str]:
    if isinstance(obj, type):
        return ["it is a class, the pattern is a function"]
    if not callable(obj):
        return [f"it is {type(obj).__name__} and cannot be called"]
    ours, wanted = Call.plain(obj), Call.plain(pattern)
    problem = mismatch(ours, wanted) or wanted.other_annotations(ours)
    return [f"it {problem}"] if problem else []
