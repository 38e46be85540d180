"""Corrections: the output as it should have been, and how much of it had to change."""

from collections.abc import Mapping
from typing import Any, Literal

import orjson

from annotations.rubrics.kinds.base import MAX_TEXT, BaseQuestion, Checked, find_unstorable, refused
from annotations.rubrics.kinds.long_numbers import restore_long_numbers
from annotations.rubrics.word_changes import count_changes
from sampling.items.content import ItemContent, is_messages, text_of


class Correction(BaseQuestion):
    """The corrected output: text where the output is text, an object or messages where it is those."""

    kind: Literal["correction"]
    target: Literal["output"] = "output"


def check_correction(question: Mapping[str, Any], answer: Any, item: ItemContent | None) -> Checked:  # noqa: ARG001
    """Accept an output of the same form as the original; how many words changed is kept beside it."""
    if not (isinstance(answer, str | dict) or is_messages(answer)):
        return refused("The answer must be the corrected text or object.")
    if problem := find_unstorable(answer):
        return refused(problem)
    if len(orjson.dumps(answer)) > MAX_TEXT:
        return refused(f"A correction may have {MAX_TEXT:,} bytes.")
    if item is None or item.output is None:
        return Checked(answer)
    if type(answer) is not type(item.output):
        return refused(f"The output is {_form(item.output)}, and so its correction must be.")
    answer = restore_long_numbers(answer, item.output)
    return Checked(answer, count_changes(text_of(item.output), text_of(answer))._asdict())


def _form(value: Any) -> str:
    return "text" if isinstance(value, str) else "an object" if isinstance(value, dict) else "a list of messages"
