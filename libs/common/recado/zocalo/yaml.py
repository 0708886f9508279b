"""YAML as it is read here: plain values alone, and no key twice."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final, cast

import yaml

from recado.errors import Problem, SchemaError

_MERGE: Final = "tag:yaml.org,2002:merge"
_UNFIT: Final = (ValueError, LookupError, AttributeError)
"""What the loader raises for a value that is none of its type, such as a 99th month."""


def read_yaml(text: str, what: str) -> object:
    """Return what a YAML document says.

    Raises:
        SchemaError: if it is none, a key is in one table twice, or something is inside
            itself; with the line.
    """
    try:
        return cast("object", yaml.load(text, _Loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}" if mark else ""
        raise SchemaError(what, [Problem(where, error.problem or "not YAML")]) from None
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise SchemaError(what, [Problem("", f"not YAML: {reason}")]) from None
    except RecursionError:
        raise SchemaError(what, [Problem("", "is nested too deeply")]) from None


class _Loader(yaml.SafeLoader):
    """Makes nothing but plain values; of two equal keys YAML would drop the first."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        try:
            # All at once, for so the loader notices what is inside itself.
            made = super().construct_object(node, deep=True)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] -- its stub leaves the node untyped
            return cast("object", made)
        except _UNFIT:
            # The value may be a password.
            raise yaml.MarkedYAMLError(
                problem=f"is no value of type {node.tag.rpartition(':')[2]}",
                problem_mark=node.start_mark,
            ) from None

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, object]:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
                continue
            if (key.tag, key.value) in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value!r} is there a second time",
                    problem_mark=key.start_mark,
                )
            seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


def as_table(value: object) -> dict[str, Any] | None:
    """Return a value as a table, its keys as text; none if it is no table."""
    if not isinstance(value, dict):
        return None
    entries = cast("dict[object, Any]", value).items()
    return {str(key): each for key, each in entries}


def as_texts(value: object) -> list[str] | None:
    """Return a value as a list of texts; none if it is no such list."""
    if not isinstance(value, list):
        return None
    entries = cast("list[object]", value)
    texts = [each for each in entries if isinstance(each, str)]
    return texts if len(texts) == len(entries) else None
