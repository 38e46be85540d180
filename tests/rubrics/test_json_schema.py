"""Schemas within bounds: formats, patterns in linear time, and work that ends."""

import pytest

from annotations.rubrics.json_schema import MAX_PROBLEMS, find_schema_problems


def problems(schema, value):
    return find_schema_problems(schema, value)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date", "2028-02-29", "2026-02-29"),
        ("time", "23:59:59.5Z", "25:00:00Z"),
        ("date-time", "2026-01-31T12:00:00.123456789+01:00", "2026-01-31 12:00"),
        ("date-time", "2026-01-31t12:00:00z", "2026-13-31T12:00:00Z"),
        ("email", "a.b@example.org", "a@b@c"),
        ("uri", "https://example.org/?q=1", "https://"),
        ("uri", "urn:isbn:1", "example.org"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000", "{123e4567-e89b-12d3-a456-4266141740}"),
        ("ipv4", "192.0.2.1", "192.0.2"),
        ("ipv6", "2001:db8::1", "fe80::1%eth0"),
        ("something-else", "anything", None),
    ],
)
def test_formats_are_checked(name, good, bad):
    schema = {"type": "string", "format": name}
    assert problems(schema, good) == []
    if bad is not None:
        assert problems(schema, bad) == [("", f"This is no valid {name}.")]


@pytest.mark.parametrize(
    ("schema", "value", "found"),
    [
        ({"patternProperties": {"^x": {"type": "integer"}}}, {"x1": 1, "y": "free"}, []),
        ({"patternProperties": {"^x": {"type": "integer"}}}, {"x1": "no"}, [("x1", "Expected a whole number.")]),
        ({"patternProperties": {"^x": {}}, "additionalProperties": False}, {"x": 1, "y": 1}, [("y", "'y' is not")]),
        (
            {"properties": {"a": {}}, "additionalProperties": {"type": "null"}},
            {"a": 1, "b": 1},
            [("b", "Expected nothing")],
        ),
        ({"additionalProperties": False, "patternProperties": {"a": {}}, "pattern": "x", "uniqueItems": True}, 3, []),
        ({"uniqueItems": True}, [{"a": 1, "b": 2}, {"b": 2, "a": 1}], [("1", "This is there twice.")]),
        ({"uniqueItems": True}, [1, 2], []),
        ({"uniqueItems": False}, [1, 1], []),
        ({"type": ["string", "null"]}, 1, [("", "Expected text or nothing (null).")]),
        ({"minItems": 2, "maxItems": 3}, [1], [("", "At least 2 entries.")]),
        ({"exclusiveMinimum": 1}, 1, [("", "More than 1.")]),
        ({"multipleOf": 5}, 7, [("", "A multiple of 5.")]),
        ({"const": "a"}, "b", [("", "'a' was expected.")]),
        ({"not": {"type": "string"}}, "x" * 500, [("", "This does not fit the schema (not).")]),
        ({"required": ["a", "b"]}, {}, [("a", "This is required."), ("b", "This is required.")]),
    ],
)
def test_what_does_not_fit_is_told_at_its_place(schema, value, found):
    told = problems(schema, value)
    assert [path for path, _ in told] == [path for path, _ in found]
    assert all(message.startswith(start) for (_, message), (_, start) in zip(told, found, strict=True))


def test_a_pattern_that_would_take_for_ever_elsewhere_takes_no_time():
    schema = {"type": "string", "pattern": "^(a+)+$"}
    assert len(problems(schema, "a" * 5000 + "b")) == 1


def test_a_long_list_without_twins_is_checked_in_one_pass():
    assert problems({"uniqueItems": True}, [{"n": n} for n in range(20_000)]) == []


def test_an_answer_that_asks_for_too_much_work_is_refused():
    step = {"$ref": "#/$defs/node"}
    schema = {"$defs": {"node": {"anyOf": [{"items": step}, {"items": step}, {"items": step}], "not": {"const": 1}}}}
    value: object = 1
    for _ in range(40):
        value = [value, value] if isinstance(value, int) else [value]
    assert problems({**schema, **step}, value) == [("", "The answer is nested too deeply for this schema.")]


def test_problems_are_counted_out():
    assert len(problems({"items": {"type": "string"}}, list(range(1000)))) == MAX_PROBLEMS
