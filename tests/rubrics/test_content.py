"""The text in which the offsets of spans count."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling.items.content import ItemContent, number_text, text_of

CALL = {"role": "assistant", "content": None, "tool_calls": [{"id": 1}]}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("as is\r\n  \u202e", "as is\r\n  \u202e"),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "a\nb"),
        ([{"role": "assistant", "content": "only this"}], "only this"),
        ([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "a\n\nb"),
        ([{"role": "user", "content": [{"type": "text", "text": "a"}]}], "a"),
        ([CALL], '{\n  "tool_calls": [\n    {\n      "id": 1\n    }\n  ]\n}'),
        ([{"role": "tool", "content": "ok", "name": "t"}], 'ok\n{\n  "name": "t"\n}'),
        ({"b": 1, "a": [], "10": {}, "9": "x"}, '{\n  "10": {},\n  "9": "x",\n  "a": [],\n  "b": 1\n}'),
        ([1, True, None, "ü\n\u2028"], '[\n  1,\n  true,\n  null,\n  "ü\\n\u2028"\n]'),
    ],
)
def test_every_form_has_one_text(value, text):
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (123.456, "123.456"),
        (1e21, "1e+21"),
        (123456789012345680000, "123456789012345680000"),
        (12345678901234567890, "12345678901234567000"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (1.5e-9, "1.5e-9"),
        (-2.5e30, "-2.5e+30"),
        (10**400, "null"),
        (float("inf"), "null"),
    ],
)
def test_numbers_are_written_as_browsers_write_them(number, text):
    assert number_text(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70))
def test_a_written_number_reads_back_as_the_same_double(number):
    assert float(json.loads(number_text(number))) == float(number)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


@given(st.dictionaries(st.text(max_size=4), json_values))
def test_an_object_reads_back_from_its_text(value):
    assert json.loads(text_of(value)) == value


def test_targets_are_the_parts_of_an_item():
    item = ItemContent("in", {"a": 1}, ["c"], [{"input": "asked", "output": None}, {"error": "broke"}, {"output": "o"}])
    texts = [item.text(target) for target in ("input", "context", "steps.0", "steps.1", "steps.2", "steps.3")]
    assert texts == ["in", '[\n  "c"\n]', "asked", "broke", "o", ""]
    assert ItemContent("in", None).text("steps.0") == ""
