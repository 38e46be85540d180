"""Spans: passages of a text, each with a tag."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from annotations.rubrics.kinds.base import (
    BaseQuestion,
    Checked,
    Option,
    Problem,
    find_unstorable,
    named,
    option_values,
    refused,
)
from sampling.items.content import TARGET, ItemContent

MAX_SPANS = 1000
# As much of a span's text as is kept beside it, in code points.
QUOTE = 80


class Spans(BaseQuestion):
    """Passages of the target's text with tags; they may overlap, and there may be none."""

    kind: Literal["spans"]
    target: Annotated[str, StringConstraints(pattern=TARGET.pattern)]
    tags: list[Option] = Field(min_length=1, max_length=50)

    @model_validator(mode="after")
    def _tags_differ(self) -> Self:
        option_values(self.tags)
        return self


def check_spans(question: Mapping[str, Any], answer: Any, item: ItemContent | None) -> Checked:
    """Accept spans within the target's text, and keep them sorted, with the beginning of each one's text beside them.

    Offsets count Unicode code points of `item.text(target)`, the end is exclusive. Without the item its length is not
    known, and only the quotes that were sent are kept.
    """
    if not isinstance(answer, list):
        return refused("The answer must be a list of spans.")
    if len(answer) > MAX_SPANS:
        return refused(f"There are {len(answer):,} spans; at most {MAX_SPANS:,} are kept.")
    text = item.text(question["target"]) if item is not None else None
    tags = [tag["value"] for tag in question["tags"]]
    found = ((index, _find_problem(span, tags, text)) for index, span in enumerate(answer))
    problems = tuple(Problem(problem, str(index)) for index, problem in found if problem)
    if problems:
        return Checked(problems=problems)
    # The same passage with the same tag twice says no more than once.
    distinct = {(span["start"], span["end"], tags.index(span["tag"])): span for span in answer}
    ordered = [distinct[place] for place in sorted(distinct)]
    quotes = [_quote(span, text) for span in ordered]
    kept = [{"start": span["start"], "end": span["end"], "tag": span["tag"]} for span in ordered]
    return Checked(kept, {"quotes": quotes} if any(quotes) else None)


def _find_problem(span: Any, tags: list[str], text: str | None) -> str | None:
    if not isinstance(span, dict) or not {"start", "end", "tag"} <= span.keys() <= {"start", "end", "tag", "quote"}:
        return "A span is an object with start, end and tag."
    start, end = span["start"], span["end"]
    if type(start) is not int or type(end) is not int or start < 0:
        return "start and end are whole numbers from 0, counted in code points."
    if end <= start:
        return "The span is empty: its end must be behind its start."
    if span["tag"] not in tags:
        return f"The tag must be one of {named(tags)}."
    if text is not None and end > len(text):
        return f"The text has {len(text):,} characters, and the span ends at {end:,}."
    quote = span.get("quote", "")
    if not isinstance(quote, str) or find_unstorable(quote):
        return "quote must be the text of the span."
    if text is not None and not text[start:end].startswith(quote):
        return "quote is not the text that stands there. Offsets count Unicode code points of the unchanged text."
    return None


def _quote(span: Mapping[str, Any], text: str | None) -> str:
    quote: str = span.get("quote", "") if text is None else text[span["start"] : span["end"]]
    return quote[:QUOTE]
