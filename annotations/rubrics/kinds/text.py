"""Free text."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from annotations.rubrics.kinds.base import BaseQuestion, Checked, find_unstorable, refused


class Text(BaseQuestion):
    """Free text."""

    kind: Literal["text"]
    max_length: int = Field(default=10_000, ge=1, le=100_000)


def check_text(question: Mapping[str, Any], answer: Any, item: object) -> Checked:  # noqa: ARG001
    """Accept text of the allowed length."""
    if not isinstance(answer, str):
        return refused("The answer must be text.")
    if problem := find_unstorable(answer):
        return refused(problem)
    longest = question.get("max_length", 10_000)
    if len(answer) > longest:
        return refused(f"The text has {len(answer):,} characters; at most {longest:,} are kept.")
    return Checked(answer)
