"""Templates in a recipe's texts: ``{name}``, ``{name[key]:>5}``, ``{$REPLACE:name}``.

A template reaches the parameters and what is inside them, never an attribute. A name
that is not known leaves the template as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from recado.message import Json
from recado.recipe.values import hint, shown

MAX_WIDTH: Final = 1000
"""The widest field and the most digits that a format may ask for."""

_SHORT: Final = 200
"""Characters of a text that is worth remembering: the same recipes come again and again."""
_REMEMBERED: Final = 4096

_TOKEN: Final = re.compile(r"\{\{|\}\}|\{[^{}]*+(?:\{[^{}]*+\}[^{}]*+)*+\}|[{}]")
_FIELD: Final = re.compile(
    r"(?P<name>[^.\[\]{}:!]*)(?P<keys>(?:\[[^\[\]{}]+\])*)(?P<attribute>\.[^:!]*)?"
    r"(?:!(?P<conversion>[sra]))?(?::(?P<spec>.*))?",
    re.DOTALL,
)
_REPLACE: Final = re.compile(r"\{\$REPLACE:([^{}]*)\}")
_SPEC: Final = re.compile(
    r"(?:.?[<>=^])?[ +-]?z?#?0?(?P<width>[0-9]*)[,_]?(?:\.(?P<digits>[0-9]+))?"
    r"[A-Za-z%]?",
    re.DOTALL,
)
_CONVERSIONS: Final[Mapping[str, Callable[[object], str]]] = {
    "s": str,
    "r": repr,
    "a": ascii,
}


class FaultError(ValueError):
    """Raised for a template that cannot be filled in, whatever the parameters."""


class UnknownNameError(LookupError):
    """Raised for a template whose name is no parameter; its argument is the name."""


@dataclass(frozen=True, slots=True)
class Field:
    """One ``{…}`` of a text, taken apart; ``text`` is how it was written."""

    text: str
    name: str
    keys: tuple[str, ...] = ()
    conversion: str | None = None
    spec: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it asks for no format at all."""
        return not (self.spec or self.conversion)


def is_template(value: Json) -> bool:
    """Return whether a value is a text that is still to be filled in."""
    return isinstance(value, str) and "{" in value


def fields(text: str) -> Iterator[str | Field]:
    """Yield a text's parts: what is literal, and its fields.

    Raises:
        FaultError: at the first part that is malformed.
    """
    parts, fault = _remembered(text) if len(text) <= _SHORT else _parts(text)
    yield from parts
    if fault:
        raise FaultError(fault)


def _parts(text: str) -> tuple[tuple[str | Field, ...], str]:
    """Return a text's parts, and what is wrong with the one after the last of them."""
    parts: list[str | Field] = []
    end = 0
    for token in _TOKEN.finditer(text):
        parts.append(text[end : token.start()])
        end, found = token.end(), token.group()
        try:
            parts.append(_part(found))
        except FaultError as error:
            return tuple(parts), str(error)
    return (*parts, text[end:]), ""


_remembered = lru_cache(_REMEMBERED)(_parts)


def _part(token: str) -> str | Field:
    if token in {"{{", "}}"}:
        return token[0]
    if len(token) > 1:
        return _field(token)
    raise FaultError(f"a single {token!r}; write {token * 2!r} for the character")


def _field(text: str) -> Field:
    match = _FIELD.fullmatch(text, 1, len(text) - 1)
    if match is None:
        raise FaultError(
            f"{shown(text)} is no template; write {{name}} or {{name[key]}}"
        )
    name = match["name"]
    if match["attribute"]:
        raise FaultError(
            f"{shown(text)} asks for an attribute, which no template reaches; "
            "write {name[key]}"
        )
    if name == "$REPLACE":
        raise FaultError(
            f"{shown(text)} stands for a value: it is the whole text or none"
        )
    if not name or name.isdecimal():
        raise FaultError(f"{shown(text)} has no name: parameters have names")
    return Field(
        text, name, _keys(match["keys"]), match["conversion"], match["spec"] or ""
    )


def _keys(text: str) -> tuple[str, ...]:
    return tuple(text[1:-1].split("][")) if text else ()


def replacement(text: str) -> Field | None:
    """Return the field of a text that is ``{$REPLACE:name}`` as a whole.

    Raises:
        FaultError: if what it names is malformed.
    """
    match = _REPLACE.fullmatch(text) if text.startswith("{$") else None
    if match is None:
        return None
    field = _field(f"{{{match[1]}}}")
    if field.conversion or field.spec:
        raise FaultError(
            f"{shown(text)} puts a value in as it is, so it takes no format"
        )
    return field


def look_up(field: Field, values: Mapping[str, Json]) -> Json:
    """Return the value that a field names.

    Raises:
        UnknownNameError: if no parameter has its name.
        FaultError: if the parameter has nothing at the field's keys.
    """
    if field.name not in values:
        raise UnknownNameError(field.name)
    value, place = values[field.name], field.name
    for key in field.keys:
        value = _item(value, key, place)
        place = f"{place}[{key}]"
    return value


def _item(value: Json, key: str, place: str) -> Json:
    if isinstance(value, dict):
        if key not in value:
            raise FaultError(f"{place!r} has no {shown(key)}{hint(key, value)}")
        return value[key]
    if not isinstance(value, list | str):
        raise FaultError(f"{place!r} is {shown(value)}, which holds no {shown(key)}")
    # More digits than any list has items are not worth a conversion.
    if not key.isdecimal() or len(key) > 9 or int(key) >= len(value):
        text = f"{place!r} has {len(value)} items; there is no {shown(key)}"
        raise FaultError(text)
    return value[int(key)]


def filled(field: Field, values: Mapping[str, Json]) -> str:
    """Return the text that stands in a field's place.

    Raises:
        UnknownNameError: if no parameter has its name.
        FaultError: if the value does not exist, or does not fit the format.
    """
    value = look_up(field, values)
    if field.is_plain:
        return value if isinstance(value, str) else format(value)
    convert = _CONVERSIONS.get(field.conversion or "")
    spec = _spec(field, values) if "{" in field.spec else field.spec
    _check_spec(field, spec)
    try:
        text = format(convert(value) if convert else value, spec)
    except (ValueError, TypeError, OverflowError) as error:
        raise FaultError(
            f"{field.text[:60]} does not fit {shown(value)}: {error}"
        ) from error
    return text


def _spec(field: Field, values: Mapping[str, Json]) -> str:
    # What is inside a format cannot hold another format: the token allows two levels.
    return "".join(
        part if isinstance(part, str) else filled(part, values)
        for part in fields(field.spec)
    )


def _check_spec(field: Field, spec: str) -> None:
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise FaultError(f"{shown(field.text)}: {shown(spec)} is no format")
    for digits in (match["width"], match["digits"] or ""):
        if len(digits) > 4 or int(digits or 0) > MAX_WIDTH:
            text = f"{shown(field.text)}: a format is at most {MAX_WIDTH} wide"
            raise FaultError(text)
