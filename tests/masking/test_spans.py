"""Spans of labels made elsewhere, moved to where they lie in the masked text."""

from hypothesis import given
from hypothesis import strategies as st

from reviewapp.http.lines import Line
from sampling.ingest.add import add_items
from sampling.mask.spans import Span, edits_of, move_span, move_spans
from sampling.mask.texts import Edit, try_mask
from sampling.models import ItemKey
from tests.conftest import NOW
from tests.sampling.lines import item

TEXT = "👋 call 0171 2345678 or anna@example.org today"
EDITS = (Edit(7, 19, "[PHONE_1]"), Edit(23, 39, "[EMAIL_1]"))
MASKED = "👋 call [PHONE_1] or [EMAIL_1] today"


def moved(start, end):
    span = move_span(Span(start, end), EDITS)
    return MASKED[span.start : span.end]


def test_the_example_is_what_masking_does():
    assert try_mask(TEXT, masking="mask", patterns=()) == (MASKED, EDITS)


def test_spans_beside_placeholders_keep_their_text():
    for part in ("👋 call ", " or ", " today", "today"):
        start = TEXT.index(part)
        assert moved(start, start + len(part)) == part


def test_spans_that_touch_a_masked_part_take_in_the_whole_placeholder():
    assert moved(7, 19) == "[PHONE_1]"
    assert moved(9, 12) == "[PHONE_1]"
    assert moved(2, 9) == "call [PHONE_1]"
    assert moved(12, 25) == "[PHONE_1] or [EMAIL_1]"
    assert moved(0, len(TEXT)) == MASKED


@given(st.data())
def test_a_moved_span_lies_in_the_text_and_order_is_kept(data):
    start = data.draw(st.integers(0, len(TEXT)))
    end = data.draw(st.integers(start, len(TEXT)))
    first, second = move_spans([Span(start, end), Span(start, len(TEXT))], EDITS)
    assert 0 <= first.start <= first.end <= len(MASKED)
    assert first.start == second.start
    assert second.end == len(MASKED)
    untouched = all(end <= edit.start or edit.end <= start for edit in EDITS)
    if untouched and start < end:
        assert MASKED[first.start : first.end] == TEXT[start:end]


def test_the_edits_of_each_text_of_an_item_are_kept(project):
    messages = [{"role": "user", "content": "hi"}, {"role": "user", "content": TEXT}]
    steps = [{"name": "crm", "kind": "tool", "output": {"note": TEXT}}]
    sent = item("a", input=messages, output=TEXT, steps=steps, metadata={"note": TEXT})
    assert add_items(project=project, lines=[Line(1, sent)], actor=None, now=NOW).accepted == 1
    item_id = ItemKey.objects.get().item_id
    for path in ("input/1/content", "output", "steps/0/output/note"):
        assert edits_of(item_id, path) == EDITS
    for path in ("input/0/content", "metadata/note", "context"):
        assert edits_of(item_id, path) == ()
