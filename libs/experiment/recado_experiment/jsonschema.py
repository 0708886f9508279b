"""The JSON Schema of a study's configuration, for editors that complete and check TOML."""

from __future__ import annotations

from typing import Any, Final

from recado_experiment.blocks.crossings import MODES
from recado_experiment.calls.functions import known_functions
from recado_experiment.compat import EARLIER, LATEST, RELEASES
from recado_experiment.order.arrangement import STRATEGIES

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
NAMES: Final = {"type": "array", "items": {"type": "string"}}
WITH_CONFIG: Final = {"anyOf": [{"required": ["config"]}, {"required": ["extends"]}]}
READ_EARLIER: Final = {
    "required": ["compat"],
    "properties": {"compat": {"const": EARLIER.name}},
}
PLACES: Final = {"type": "array", "items": {"type": "integer"}}


def schema() -> dict[str, Any]:
    """Return the schema; functions of packages that are installed are among the names."""
    return {
        "$schema": DIALECT,
        "title": "A study's configuration",
        "type": "object",
        "required": ["configuration"],
        "anyOf": [{"required": ["blocks"]}, {"required": ["crossings"]}],
        "properties": {
            "configuration": _configuration(),
            "blocks": {
                "type": "array",
                "minItems": 1,
                "items": _block(),
                "description": "What participants go through",
            },
            "crossings": {
                "type": "array",
                "items": _crossing(),
                "description": "Blocks made of every combination of levels",
            },
            **_edges(),
        },
        "if": {"properties": {"configuration": READ_EARLIER}},
        "else": {"properties": {"blocks": {"items": WITH_CONFIG}}},
        "$defs": {"call": _call(), "value": _value()},
    }


def _edges() -> dict[str, Any]:
    """Return the arrays of whole blocks that only the earlier release has."""
    about = f"Whole blocks; read with compat {EARLIER.name!r}"
    return {
        array: {"type": "array", "items": _block(), "description": about}
        for array in EARLIER.arrays
        if array not in LATEST.arrays
    }


def _configuration() -> dict[str, Any]:
    return {
        "type": "object",
        "if": READ_EARLIER,
        "then": {"properties": {"order": {"anyOf": _orders(NAMES) + _orders(PLACES)}}},
        "else": {
            "required": ["order"],
            "properties": {"order": {"anyOf": [NAMES, _groups(NAMES), _table(NAMES)]}},
        },
        "properties": {
            **_ordering(),
            "random_seed": {
                "type": "number",
                "default": 0,
                "description": "Added to the participant's number",
            },
            "variables": {
                "type": "object",
                "description": "Values that $NAME stands for in blocks",
            },
            "expand_arrays": {
                "type": "boolean",
                "default": False,
                "description": "Whether variables and calls count inside arrays",
            },
            "compat": {
                "enum": list(RELEASES),
                "default": LATEST.name,
                "description": "The release of experiment-server to expand like",
            },
            "groups": _old("groups_strategy"),
            "within_groups": _old("within_groups_strategy"),
        },
        "additionalProperties": False,
    }


def _ordering() -> dict[str, Any]:
    """Return the settings that say which blocks come in which order."""
    edges = {
        f"{which}_blocks": {
            "description": f"Names of the blocks that come {when} the order",
            "anyOf": [NAMES, _table(NAMES)],
        }
        for which, when in (("init", "before"), ("final", "after"))
    }
    return {
        "order": {
            "description": "Names of blocks, groups of them, or a table by participant",
        },
        "groups_strategy": _one_of(
            STRATEGIES, "How the groups, or a flat list, are ordered"
        ),
        "within_groups_strategy": _one_of(
            STRATEGIES, "How the blocks of each group are ordered"
        ),
        **edges,
        "init_blocks_strategy": _one_of(STRATEGIES[:2], "How they are ordered"),
        "final_blocks_strategy": _one_of(STRATEGIES[:2], "How they are ordered"),
    }


def _block() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"description": "Unique; what the order names"},
            "extends": {"type": "string", "description": "The block to inherit from"},
            "config": {
                "description": "What the participant's program is given",
                "anyOf": [
                    {
                        "type": "object",
                        "additionalProperties": {"$ref": "#/$defs/value"},
                    },
                    {"type": "string", "pattern": r"^\$"},
                ],
            },
        },
    }


def _crossing() -> dict[str, Any]:
    patterns = {"type": "array", "items": {"type": "object", "minProperties": 1}}
    return {
        "type": "object",
        "required": ["name", "factors"],
        "properties": {
            "name": {"type": "string", "description": "Stands for all of its blocks"},
            "extends": {
                "type": "string",
                "description": "What its blocks inherit from",
            },
            "config": {"type": ["object", "string"]},
            "factors": {
                "description": "Levels by factor",
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"type": ["array", "string"]},
            },
            "mode": _one_of(MODES, "Every combination, or the first with the first"),
            "include": patterns
            | {"description": "Only combinations like one of these"},
            "exclude": patterns | {"description": "No combination like one of these"},
        },
        "additionalProperties": False,
    }


def _value() -> dict[str, Any]:
    # A call has two keys at least; every other table is data.
    inside = {"additionalProperties": {"$ref": "#/$defs/value"}}
    return {"if": _is_call(), "then": {"$ref": "#/$defs/call"}, "else": inside}


def _is_call() -> dict[str, Any]:
    return {"type": "object", "required": ["function_name", "args"]}


def _call() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["function_name", "args"],
        "properties": {
            "function_name": {
                "description": "The function that makes the value",
                "anyOf": [
                    {"enum": sorted(known_functions())},
                    {"type": "string", "pattern": r"^\$"},
                ],
            },
            "args": {
                "description": "Its arguments, by position or by name",
                "type": ["array", "object", "string"],
            },
            "params": {"type": ["object", "string"]},
            "id": {"description": "Calls of one id know of each other"},
        },
    }


def _orders(items: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the orders that the earlier release takes; its tables are of groups."""
    return [items, _groups(items), _table(_groups(items))]


def _groups(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _one_of(words: tuple[str, ...], text: str) -> dict[str, Any]:
    return {"enum": list(words), "default": words[0], "description": text}


def _old(name: str) -> dict[str, Any]:
    return {
        "enum": list(STRATEGIES),
        "deprecated": True,
        "description": f"Write {name}",
    }


def _table(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "propertyNames": {"pattern": "^[0-9]+$"},
        "additionalProperties": item,
        "minProperties": 1,
    }
