"""Moving spans from a text as it was sent to the text as it is stored.

Somebody marked "call 0171 2345678 today" before the text came here, where it reads "call [PHONE_1] today". A span that
touches what was masked takes in the whole placeholder, since half of one means nothing.

    moved = move_span(Span(5, 17), edits)   # Span(5, 14)
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sampling.mask.texts import Edit
from sampling.models import ItemMask


class Span(NamedTuple):
    """A place in a text, in Unicode code points, end exclusive."""

    start: int
    end: int


def edits_of(item_id: int, path: str) -> tuple[Edit, ...]:
    """Return what was masked in one text of a stored item.

    The path leads to the text: `input`, `output/2/content` of messages, `steps/0/output`. No edits where nothing was
    masked, in this item or this text.
    """
    kept = ItemMask.objects.filter(item_id=item_id).values_list("edits", flat=True).first() or {}
    return tuple(Edit(*each) for each in kept.get(path, ()))


def move_spans(spans: Iterable[Span], edits: Sequence[Edit]) -> list[Span]:
    """Return the spans as they lie in the masked text, in the order given."""
    return [move_span(span, edits) for span in spans]


def move_span(span: Span, edits: Sequence[Edit]) -> Span:
    """Return one span as it lies in the masked text; `edits` are in order of place and do not overlap."""
    start, end = span
    moved_start, moved_end = start, end
    for edit in edits:
        growth = len(edit.placeholder) - (edit.end - edit.start)
        touched = start < edit.end and edit.start < end
        if edit.end <= start:
            moved_start += growth
        elif touched and edit.start < start:
            moved_start -= start - edit.start  # to where the placeholder begins
        if edit.end <= end:
            moved_end += growth
        elif touched:
            moved_end += edit.start + len(edit.placeholder) - end  # to where it ends
    return Span(moved_start, moved_end)
