"""Each kind of check: what passes, what fails, what it does not apply to."""

import pytest

from sampling.checks.compile import compile_check
from sampling.checks.publish import parse_check
from tests.sampling.lines import item

ANSWER = '{"refund": {"amount": 12.5, "tags": ["a", "b"]}}'
FENCED = f"```json\n{ANSWER}\n```"
MESSAGES = [{"role": "assistant", "content": "Let me see."}, {"role": "assistant", "content": ANSWER}]
PARTS = [{"role": "assistant", "content": [{"type": "text", "text": "One"}, {"type": "text", "text": "Two"}]}]


def find(spec, **fields):
    """What a check finds in an item."""
    check = compile_check(parse_check({"name": "c", **spec}, path="check"))
    return check.find(item(**fields))


def outcome(spec, **fields):
    return find(spec, **fields).outcome


@pytest.mark.parametrize(
    ("more", "output", "expected"),
    [
        ({}, ANSWER, "pass"),
        ({}, {"any": "object"}, "pass"),
        ({}, MESSAGES, "pass"),
        ({}, "12", "pass"),
        ({}, '{"a": NaN}', "fail"),
        ({}, "{'a': 1}", "fail"),
        ({}, "", "fail"),
        ({}, "[" * 65 + "]" * 65, "fail"),
        ({}, FENCED, "fail"),
        ({"fences": True}, FENCED, "pass"),
        ({"fences": True}, f" ```\r\n{ANSWER} ``` \n", "pass"),
        ({"fences": True}, f"```json\n{ANSWER}", "fail"),
        ({"fences": True}, "```json\n{" + " " * 1_000_000, "fail"),  # in no more time than it takes to read it
        ({"fences": True}, ANSWER, "pass"),
        ({"type": "object"}, "[1]", "fail"),
        ({"type": "array"}, "[1]", "pass"),
        ({}, None, "not_applicable"),
        ({"required": True}, None, "fail"),
    ],
)
def test_json(more, output, expected):
    assert outcome({"kind": "json", **more}, output=output) == expected


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ('{"refund": 3}', "pass"),
        ({"refund": 3}, "pass"),
        ({"refund": "3"}, "fail"),
        ("{}", "fail"),
        ("no JSON", "fail"),
        (FENCED.replace('{"amount": 12.5, "tags": ["a", "b"]}', "3"), "fail"),
    ],
)
def test_json_schema(output, expected):
    schema = {"type": "object", "required": ["refund"], "properties": {"refund": {"type": "number"}}}
    assert outcome({"kind": "json_schema", "schema": schema}, output=output) == expected


def test_json_schema_names_the_place():
    spec = {"kind": "json_schema", "schema": {"properties": {"a": {"items": {"type": "string"}}}}}
    assert find(spec, output={"a": ["x", 1]}).reason == "a.1 is not of the type string."
    assert find({"kind": "json_schema", "schema": False}, output={}).reason == "It is not allowed."


@pytest.mark.parametrize(
    ("more", "output", "expected"),
    [
        ({}, "Order AB-12 is late.", "pass"),
        ({}, "order ab-12", "fail"),
        ({"ignore_case": True}, "order ab-12", "pass"),
        ({"match": False}, "Order AB-12", "fail"),
        ({"match": False}, "nothing", "pass"),
        ({}, {"id": "AB-12"}, "pass"),
        ({}, PARTS, "fail"),
    ],
)
def test_pattern(more, output, expected):
    assert outcome({"kind": "pattern", "pattern": r"\b[A-Z]{2}-\d+", **more}, output=output) == expected


@pytest.mark.parametrize(
    ("more", "output", "expected"),
    [
        ({"max": 3}, "äöü", "pass"),
        ({"max": 3}, "four", "fail"),
        ({"min": 5}, "four", "fail"),
        ({"min": 2, "max": 2, "unit": "words"}, "two \n words", "pass"),
        ({"min": 3, "unit": "words"}, "two words", "fail"),
        ({"min": 1}, "", "fail"),
        ({"max": 7, "min": 7}, PARTS, "pass"),
    ],
)
def test_length(more, output, expected):
    assert outcome({"kind": "length", **more}, output=output) == expected


@pytest.mark.parametrize(
    ("more", "output", "expected"),
    [
        ({}, "Dear Ann, sorry.", "pass"),
        ({}, "Dear Ann.", "fail"),
        ({}, "dear ann, SORRY", "fail"),
        ({"ignore_case": True}, "dear ann, SORRY", "pass"),
        ({"how_many": "any"}, "sorry", "pass"),
        ({"how_many": "any"}, "nothing", "fail"),
    ],
)
def test_contains(more, output, expected):
    assert outcome({"kind": "contains", "values": ["Dear", "sorry"], **more}, output=output) == expected


@pytest.mark.parametrize(
    ("more", "output", "expected"),
    [({}, "As an AI", "fail"), ({}, "as an ai", "pass"), ({"ignore_case": True}, "as an AI", "fail")],
)
def test_not_contains(more, output, expected):
    assert outcome({"kind": "not_contains", "values": ["As an AI"], **more}, output=output) == expected


@pytest.mark.parametrize(
    ("values", "output", "expected"),
    [
        (["refund", "deny"], " refund\n", "pass"),
        (["refund", "deny"], "Refund", "fail"),
        ([1, True], {"v": 1.0}, "pass"),
        ([1, True], {"v": True}, "pass"),
        ([1], {"v": True}, "fail"),
        ([1], {"v": "1"}, "fail"),
        (["a", "b"], {"v": ["a", "b", "a"]}, "pass"),
        (["a", "b"], {"v": ["a", "c"]}, "fail"),
        (["a"], {"v": {"x": 1}}, "fail"),
        (["a"], {"v": []}, "pass"),
        (["a"], {}, "not_applicable"),
    ],
)
def test_allowed_values(values, output, expected):
    target = "output.v" if isinstance(output, dict) else "output"
    assert outcome({"kind": "allowed_values", "values": values, "target": target}, output=output) == expected


def test_allowed_values_may_ignore_case():
    assert outcome({"kind": "allowed_values", "values": ["Yes"], "ignore_case": True}, output="yes") == "pass"


@pytest.mark.parametrize(
    ("more", "output", "expected"),
    [
        ({"min": 0, "max": 10}, "10", "pass"),
        ({"min": 0}, " -1 ", "fail"),
        ({"max": 10}, "11.5", "fail"),
        ({"min": 0}, "about 12", "fail"),
        ({"min": 0}, "true", "fail"),
        ({"min": 0}, '"3"', "fail"),
    ],
)
def test_numeric_range(more, output, expected):
    assert outcome({"kind": "numeric_range", **more}, output=output) == expected


@pytest.mark.parametrize(
    ("target", "fields", "expected"),
    [
        ("latency_ms", {"latency_ms": 900.0}, "pass"),
        ("latency_ms", {"latency_ms": 2001.0}, "fail"),
        ("latency_ms", {}, "not_applicable"),
        ("metadata.score", {"metadata": {"score": True}}, "fail"),
        ("metadata.score", {"metadata": {"score": [1]}}, "fail"),
        ("output.refund.amount", {"output": ANSWER}, "pass"),
        ("output.refund.amount", {"output": FENCED}, "pass"),
        ("output.refund.amount", {"output": MESSAGES}, "pass"),
        ("output.refund.amount", {"output": {"refund": {"amount": 5000}}}, "fail"),
        ("output.refund.amount", {"output": "no JSON"}, "not_applicable"),
        ("output.refund.tags.0", {"output": ANSWER}, "fail"),
        ("output.refund.tags.2", {"output": ANSWER}, "not_applicable"),
        ("output#/0/content", {"output": [{"role": "a", "content": "7"}]}, "pass"),
        ("output#/a~1b/m~0n", {"output": {"a/b": {"m~n": 1}}}, "pass"),
        ("output#", {"output": "7"}, "pass"),
        (r"metadata.a\.b", {"metadata": {"a.b": 1}}, "pass"),
        ("steps.0.output.n", {"steps": [{"name": "s", "kind": "tool", "output": {"n": 3}}]}, "pass"),
        ("context", {"context": "17"}, "pass"),
    ],
)
def test_a_target_is_a_field_or_a_place_inside_of_one(target, fields, expected):
    assert outcome({"kind": "numeric_range", "min": 0, "max": 2000, "target": target}, **fields) == expected


def test_a_filter_says_which_items_a_check_is_for():
    spec = {"kind": "json", "when": {"system": {"eq": "extractor"}}}
    assert outcome(spec, output="x", system="extractor") == "fail"
    assert outcome(spec, output="x", system="chat") == "not_applicable"


def test_input_messages_are_read_together():
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": None}]
    spec = {"kind": "contains", "values": ["Be kind."], "target": "input"}
    assert outcome(spec, input=messages) == "pass"
