"""The part of JSON Schema that recipes use, beside a complete implementation of it."""

from __future__ import annotations

from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from recado.recipe.keywords import schema_flaws
from recado.recipe.schema import TYPES, value_flaws

scalars: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 0, 1, 2, -1, 0.0, 1.0, 1.5, "", "a", "ab", "é", "1"]
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)
    ),
    max_leaves=8,
)
types = st.sampled_from(list(TYPES))
limits = st.sampled_from([-1, 0, 1, 1.5, 2])
sizes = st.integers(0, 2)
SIMPLE: dict[str, st.SearchStrategy[Any]] = {
    "type": types | st.lists(types, min_size=1, max_size=3, unique=True),
    "enum": st.lists(scalars, min_size=1, max_size=3),
    "const": scalars,
    **dict.fromkeys(("minimum", "maximum"), limits),
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), limits),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), sizes),
    "required": st.lists(st.sampled_from("xyz"), max_size=2, unique=True),
    "additionalProperties": st.booleans(),
    "title": st.just("a title"),
}
simple = st.fixed_dictionaries({}, optional=SIMPLE)
schemas = simple | st.fixed_dictionaries(
    {
        "items": simple,
        "properties": st.dictionaries(st.sampled_from("xyz"), simple, max_size=2),
        "additionalProperties": st.booleans() | simple,
    },
    optional={key: SIMPLE[key] for key in ("type", "required", "maxItems")},
)


@settings(deadline=None)
@given(schemas, values)
def test_a_value_fits_a_schema_exactly_where_it_does_elsewhere(
    schema: Any, value: Any
) -> None:
    assert list(schema_flaws(schema, None)) == []
    peer: Any = Draft202012Validator(schema)

    fits = not list(value_flaws(value, schema, None))

    event(f"fits: {fits}")
    assert fits == peer.is_valid(value)
