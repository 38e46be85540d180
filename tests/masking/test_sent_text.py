"""Spans over a text as it was sent, found again in the stored one, whatever the text is put together from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling.items.content import ItemContent, text_of
from sampling.items.sent_text import _pieces, spans_as_stored
from sampling.mask.items import mask_item
from sampling.mask.spans import Span

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(), inner)
        | st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": inner}), min_size=1)
        | st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": st.text()}), min_size=1)
    ),
    max_leaves=12,
)
PERSON = "anna.smith@example.org"


@given(JSON)
def test_the_pieces_make_the_text(value):
    assert "".join(piece.text for piece in _pieces(value, "input")) == text_of(value)


@pytest.mark.parametrize(
    "value",
    [
        f"Hello {PERSON}, call +49 171 2345678 today: TARGET.",
        [{"role": "user", "content": f"👋 {PERSON}"}, {"role": "tool", "content": f"{PERSON}? TARGET", "name": PERSON}],
        [{"type": "text", "text": PERSON}, {"type": "text", "text": f"and {PERSON} TARGET"}],
        {"a": f'a "quoted" {PERSON} \\ ü', "b": [PERSON, {"c": f"line\nend {PERSON} TARGET"}], "z": []},
        [
            {"role": "user", "content": [{"type": "text", "text": PERSON}], "tool": {"q": PERSON}},
            {"role": "user", "content": "TARGET"},
        ],
    ],
)  # fmt: skip
@pytest.mark.parametrize("target", ["input", "steps.0"])
def test_a_span_beside_what_was_masked_keeps_its_text(value, target):
    fields = {"input": value} if target == "input" else {"steps": [{"output": value}]}
    masked = mask_item(fields, texts=())
    sent = ItemContent(input=fields.get("input"), output=None, steps=fields.get("steps"))
    stored = ItemContent(input=masked.fields.get("input"), output=None, steps=masked.fields.get("steps"))
    before, after = sent.text(target), stored.text(target)
    assert PERSON not in after
    start = before.index("TARGET")
    spans = [Span(start, start + 6), Span(before.rindex(PERSON), before.rindex(PERSON) + 4)]
    moved = spans_as_stored(spans, target=target, content=stored, edits=masked.edits)
    assert after[moved[0].start : moved[0].end] == "TARGET"
    assert after[moved[1].start : moved[1].end] == "[EMAIL_1]"


def test_a_target_without_text_has_no_places():
    content = ItemContent(input="x", output=None, steps=[{"name": "a"}])
    for target in ("output", "context", "steps.0", "steps.7"):
        assert spans_as_stored([Span(0, 0)], target=target, content=content, edits={}) == [Span(0, 0)]
