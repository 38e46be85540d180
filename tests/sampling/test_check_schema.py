"""JSON Schema: the same answers as the reference implementation, without its reach and its appetite."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sampling.checks.json_schema import MAX_STEPS, SchemaRefusedError, StepsExceededError, compile_schema

NAMES = st.sampled_from(["a", "b", "ab", ""])
NUMBERS = st.sampled_from([0, 1, 1.0, -2, 2.5, 3, 2**60])
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, NAMES, st.sampled_from(["äö", "aab", "7"]))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
SIZES = st.integers(0, 3)
PATTERNS = st.sampled_from(["^a", "b$", "^a+b?$", "[0-9]"])
TYPES = st.sampled_from(["null", "boolean", "string", "number", "integer", "array", "object"])


def schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas of every keyword, some of which say nothing about some values."""
    some = st.lists(inner, min_size=1, max_size=3)
    by_name = st.dictionaries(NAMES, inner, max_size=3)
    names = st.lists(NAMES, max_size=2, unique=True)
    number = st.sampled_from([0, 1, 2.5, -1])
    keywords: dict[str, st.SearchStrategy[Any]] = {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=2, unique=True),
        "enum": st.lists(VALUES, max_size=3),
        "const": VALUES,
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), number),
        "multipleOf": st.sampled_from([1, 2, 0.5]),
        **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), SIZES),
        "pattern": PATTERNS,
        "uniqueItems": st.booleans(),
        "required": names,
        "dependentRequired": st.dictionaries(NAMES, names, max_size=2),
        "properties": by_name,
        "patternProperties": st.dictionaries(PATTERNS, inner, max_size=2),
        **dict.fromkeys(("additionalProperties", "propertyNames", "items", "contains", "not"), inner),
        **dict.fromkeys(("prefixItems", "allOf", "anyOf", "oneOf"), some),
        **dict.fromkeys(("minContains", "maxContains"), SIZES),
        **dict.fromkeys(("if", "then", "else"), inner),
        "dependentSchemas": by_name,
        "$ref": st.sampled_from(["#/$defs/text", "#/$defs/short%7Eer~0"]),
        "title": NAMES,
    }
    return st.lists(st.sampled_from(sorted(keywords)), max_size=4, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({name: keywords[name] for name in chosen})
    )


SCHEMAS = st.recursive(st.booleans() | schemas(st.booleans()), schemas, max_leaves=6)
DEFINITIONS = {"text": {"type": "string"}, "short~er~": {"maxLength": 2}}


@settings(max_examples=100, deadline=None)
@given(schema=SCHEMAS, values=st.lists(VALUES, min_size=1, max_size=5))
def test_it_judges_like_the_reference_implementation(schema, values):
    whole = {"$defs": DEFINITIONS, "allOf": [schema]}
    compiled = compile_schema(whole)
    reference = Draft202012Validator(whole)
    for value in values:
        assert (compiled.find_problem(value) is None) == reference.is_valid(value), (schema, value)


def test_decimals_are_exact_where_the_reference_divides_floats():
    assert compile_schema({"multipleOf": 0.1}).find_problem(0.3) is None
    assert compile_schema({"multipleOf": 0.01}).find_problem(1e300) is None
    assert compile_schema({"multipleOf": 0.1}).find_problem(0.35) is not None


def test_a_schema_may_refer_to_itself_where_the_value_ends():
    tree = {"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}}
    compiled = compile_schema(tree)
    assert compiled.find_problem({"left": {"right": {}}}) is None
    problem = compiled.find_problem({"left": {"right": 3}})
    assert problem is not None
    assert problem.path == ("left", "right")


@pytest.mark.parametrize(
    ("schema", "path", "said"),
    [
        ({"$ref": "https://example.org/schema.json"}, "$ref", "nothing is fetched"),
        ({"items": {"$ref": "other.json#/a"}}, "items.$ref", "nothing is fetched"),
        ({"$ref": "#anchor"}, "$ref", "nothing is fetched"),
        ({"$ref": "#/$defs/nowhere"}, "$ref", "no schema at that place"),
        ({"anyOf": [{"$ref": "#/anyOf/5"}]}, "anyOf.0.$ref", "no schema at that place"),
        ({"$ref": "#"}, "", "without end"),
        ({"allOf": [{"$ref": "#"}, {"$ref": "#"}]}, "", "without end"),
        ({"properties": {"a": {"pattern": "(?=a)"}}}, "properties.a.pattern", "not RE2"),
        ({"patternProperties": {"(": True}}, "properties", "not RE2"),
        ({"type": "text"}, "type", "not valid"),
        ({"unevaluatedProperties": False}, "unevaluatedProperties", "not supported"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "$schema", "2020-12"),
        ({"items": {"$id": "x"}}, "items.$id", "Only the whole schema"),
        ({"const": "x" * 70_000}, "", "KiB"),
        ({"const": 2**70}, "", "cannot be kept"),
        (json.loads('{"not":' * 40 + "{}" + "}" * 40), ".".join(["not"] * 33), "levels deep"),
    ],
)
def test_what_reaches_out_or_never_ends_is_refused_at_its_place(schema, path, said):
    with pytest.raises(SchemaRefusedError, match=said) as refusal:
        compile_schema(schema)
    assert refusal.value.path == path


def test_a_schema_that_doubles_at_every_step_stops():
    levels = {f"l{n}": {"allOf": [{"$ref": f"#/$defs/l{n + 1}"}] * 2} for n in range(30)}
    compiled = compile_schema({"properties": {"x": {"$ref": "#/$defs/l0"}}, "$defs": {**levels, "l30": True}})
    with pytest.raises(StepsExceededError):
        compiled.find_problem({"x": {}})
    assert MAX_STEPS < 2**30


def test_an_own_name_and_the_dialect_may_be_given():
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.org/a", "type": "null"}
    assert compile_schema(schema).find_problem(None) is None
