"""YAML as it is read here: plain values alone, and no key twice."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final, cast

import yaml

from recado.errors import Problem, SchemaError

_MERGE: Final = "tag:yaml.org,2002:merge"


def read_yaml(text: str, what: str) -> object:
    """Return what a YAML document says.

    Raises:
        SchemaError: if it is none, or a key is in one table twice; with the line.
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


class _Loader(yaml.SafeLoader):
    """Makes nothing but plain values; of two equal keys YAML would drop the first."""

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
