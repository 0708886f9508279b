"""The part of JSON Schema that recipes use, beside a complete implementation of it."""

from __future__ import annotations

from typing import Any

from hypothesis import event, given
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
names = st.lists(st.sampled_from("xyz"), max_size=2, unique=True)
schemas: st.SearchStrategy[Any] = st.deferred(
    lambda: st.fixed_dictionaries(
        {},
        optional={
            "type": types | st.lists(types, min_size=1, max_size=3, unique=True),
            "enum": st.lists(scalars, min_size=1, max_size=3),
            "const": scalars,
            "minimum": limits,
            "maximum": limits,
            "exclusiveMinimum": limits,
            "exclusiveMaximum": limits,
            "minLength": sizes,
            "maxLength": sizes,
            "minItems": sizes,
            "maxItems": sizes,
            "items": schemas,
            "properties": st.dictionaries(st.sampled_from("xyz"), schemas, max_size=2),
            "required": names,
            "additionalProperties": st.booleans() | schemas,
            "title": st.just("a title"),
        },
    )
)


@given(schemas, values)
def test_a_value_fits_a_schema_exactly_where_it_does_elsewhere(
    schema: Any, value: Any
) -> None:
    assert list(schema_flaws(schema, None)) == []
    Draft202012Validator.check_schema(schema)
    peer: Any = Draft202012Validator(schema)

    fits = not list(value_flaws(value, schema, None))

    event(f"fits: {fits}")
    assert fits == peer.is_valid(value)
