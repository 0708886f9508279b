"""How something can be called, compared with how something else can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import Parameter, Signature, signature
from typing import Protocol, cast

_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


class _Holds(Protocol):
    """A static or class method, as it stands in the namespace of its class."""

    __func__: Callable[..., object]


@dataclass(frozen=True, slots=True)
class Call:
    """A signature without the argument that an instance or a class fills in."""

    signature: Signature | None

    @classmethod
    def plain(cls, function: Callable[..., object]) -> Call:
        """Return how a function is called, annotations resolved where they can be."""
        try:
            return cls(signature(function, eval_str=True))
        except (NameError, SyntaxError):
            return cls(signature(function))
        except (ValueError, TypeError):
            # Some built-ins do not tell: they get the benefit of the doubt.
            return cls(None)

    @classmethod
    def of(cls, member: object) -> Call:
        """Return how a member is called, as it stands in the class's namespace."""
        if isinstance(member, staticmethod | classmethod):
            function = cast("_Holds", member).__func__
            found = cls.plain(function)
            return found if isinstance(member, staticmethod) else found._without_first()
        if not callable(member):
            return cls(None)
        binds = hasattr(type(member), "__get__")
        return cls.plain(member)._without_first() if binds else cls.plain(member)

    def _without_first(self) -> Call:
        if self.signature is None:
            return self
        parameters = list(self.signature.parameters.values())
        if parameters and parameters[0].kind in _POSITIONAL:
            parameters = parameters[1:]
        return Call(self.signature.replace(parameters=parameters))

    def takes(self, positional: int, keywords: Sequence[str]) -> bool:
        """Tell whether a call with these arguments is possible."""
        if self.signature is None:
            return True
        try:
            self.signature.bind(*[None] * positional, **dict.fromkeys(keywords))
        except TypeError:
            return False
        return True

    def shapes(self) -> list[tuple[int, list[str]]]:
        """Return the shortest and the longest call: positional count and keywords."""
        if self.signature is None:
            return []
        parameters = self.signature.parameters.values()
        required = [p for p in parameters if p.default is p.empty]
        return [_shape(required), _shape(list(parameters))]

    def other_annotations(self, other: Call) -> str:
        """Return what is annotated here and annotated differently there."""
        if self.signature is None or other.signature is None:
            return ""
        wanted, found = _annotations(self.signature), _annotations(other.signature)
        wrong = [
            f"{_place(place)} {_name(found.get(place))} instead of {_name(annotation)}"
            for place, annotation in wanted.items()
            if found.get(place) != annotation
        ]
        return f"annotates {', '.join(wrong)}" if wrong else ""


def mismatch(ours: Call, wanted: Call) -> str:
    """Return what is wrong with a call that should do for another; empty if nothing."""
    fits = all(ours.takes(*shape) for shape in wanted.shapes())
    return "" if fits else f"takes {ours.signature} instead of {wanted.signature}"


def _shape(parameters: Sequence[Parameter]) -> tuple[int, list[str]]:
    positional = [p for p in parameters if p.kind in _POSITIONAL]
    keywords = [p.name for p in parameters if p.kind is Parameter.KEYWORD_ONLY]
    return len(positional), keywords


def _annotations(of: Signature) -> dict[int | str, object]:
    """Return annotations by position, or by name where only the name counts."""
    places: dict[int | str, object] = {}
    for position, parameter in enumerate(of.parameters.values()):
        by_position = parameter.kind is not Parameter.KEYWORD_ONLY
        if parameter.annotation is not Parameter.empty:
            places[position if by_position else parameter.name] = parameter.annotation
    if of.return_annotation is not Signature.empty:
        places["return"] = of.return_annotation
    return places


def _place(place: int | str) -> str:
    return f"argument {place + 1}" if isinstance(place, int) else place


def _name(annotation: object) -> str:
    if annotation is None:
        return "nothing"
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)
