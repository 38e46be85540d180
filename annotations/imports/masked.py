"""What came from elsewhere, as it may be stored beside masked items: texts masked, spans moved.

Spans count in the text as it was sent, since that is what people elsewhere had before them. A line of our own export
(which says its `source`) counts in the text as it is stored, and stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from annotations.imports.records import LabelRecord
from reviewapp.accounts.models import Project
from sampling.items.content import ItemContent
from sampling.items.sent_text import Edits, masked_items, spans_as_stored
from sampling.mask.later import mask_value_later
from sampling.mask.spans import Span

# Kinds whose answers are written by people; the others are chosen from what the rubric offers.
_WRITTEN = frozenset({"text", "correction", "json"})


def find_edits(questions: Sequence[Mapping[str, Any]], item_ids: Iterable[int]) -> dict[int, Edits]:
    """Return what was masked in the items, where a question asks for spans."""
    return masked_items(list(item_ids)) if any(question["kind"] == "spans" for question in questions) else {}


def label_as_stored(
    project: Project,
    record: LabelRecord,
    *,
    item_id: int,
    questions: Sequence[Mapping[str, Any]],
    content: ItemContent | None,
    edits: Edits,
) -> LabelRecord:
    """Return the record of a label with what people wrote masked, and their spans where the stored text has them."""
    answers = dict(record.answers)
    kinds = {question["key"]: question["kind"] for question in questions}
    written = {key: answer for key, answer in answers.items() if kinds.get(key) in _WRITTEN}
    masked = mask_value_later(project, item_id=item_id, value=[written, record.comment])
    answers |= masked[0]
    if edits and content is not None and record.source is None:
        for question in questions:
            if question["kind"] == "spans" and question["key"] in answers:
                spans = answers[question["key"]]
                answers[question["key"]] = _moved(spans, target=question["target"], content=content, edits=edits)
    return record.model_copy(update={"answers": answers, "comment": masked[1]})


def _moved(answer: Any, *, target: str, content: ItemContent, edits: Edits) -> Any:
    """Return spans moved; an answer that is none is left for the validator to refuse."""
    if not isinstance(answer, list) or not all(
        isinstance(span, dict) and type(span.get("start")) is int and type(span.get("end")) is int for span in answer
    ):
        return answer
    places = [Span(span["start"], span["end"]) for span in answer]
    moved = spans_as_stored(places, target=target, content=content, edits=edits)
    return [{**span, "start": place.start, "end": place.end} for span, place in zip(answer, moved, strict=True)]
