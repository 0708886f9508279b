"""Testing: run a callable on every object before it is registered."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature

from recado.registry.checks.base import Check
from recado.registry.entry import Fields
from recado.registry.errors import InvalidRegistrationError


class Testing(Check):
    """Call ``test_module(key, obj, **fields)``; raising, or returning False, fails.

    The test decides which fields the registry takes: those it names, or any, if it has
    a ``**`` parameter.
    """

    __test__ = False  # for pytest, which collects classes by the start of their name

    verdict = "passed_test"

    def __init__(
        self, test_module: Callable[..., object], forced: bool = False
    ) -> None:
        super().__init__(forced=forced)
        self.test_module = test_module
        self.fields = _keywords(test_module)

    def on_register(self, key: str, obj: object, fields: Fields) -> None:
        """Run the test; whatever it raises is the complaint."""
        wanted = self.fields
        given = {n: v for n, v in fields.items() if wanted is None or n in wanted}
        if self.test_module(key, obj, **given) is False:
            name = getattr(self.test_module, "__name__", repr(self.test_module))
            raise AssertionError(f"{name} returned False")


def _keywords(test: Callable[..., object]) -> tuple[str, ...] | None:
    """Return what a test takes beside key and object; None for anything."""
    try:
        parameters = list(signature(test).parameters.values())
    except ValueError:
        # Some built-ins do not tell what they take: they get no fields.
        return ()
    except TypeError as error:
        raise InvalidRegistrationError(f"a test must be callable: {error}") from error
    if any(p.kind is Parameter.VAR_KEYWORD for p in parameters):
        return None
    named = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    return tuple(p.name for p in parameters[2:] if p.kind in named)
