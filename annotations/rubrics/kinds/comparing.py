"""Comparisons of candidate outputs: which of two is better, or a whole order."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from annotations.rubrics.kinds.base import BaseQuestion, Checked, Value, named, refused
from sampling.items.content import ItemContent

TIE = "tie"


class Pairwise(BaseQuestion):
    """Which of two candidates (keys of the output) is better; a tie is allowed unless `tie` is false."""

    kind: Literal["pairwise"]
    candidates: list[Value] = Field(min_length=2, max_length=2)
    tie: bool = True

    @model_validator(mode="after")
    def _candidates_differ(self) -> Self:
        if self.candidates[0] == self.candidates[1]:
            raise ValueError("the two candidates are the same")
        if TIE in self.candidates:
            raise ValueError("a candidate cannot be called tie")
        return self


class Ranking(BaseQuestion):
    """The candidates (keys of the output) from best to worst."""

    kind: Literal["ranking"]
    candidates: list[Value] = Field(min_length=2, max_length=20)

    @model_validator(mode="after")
    def _candidates_differ(self) -> Self:
        if len(set(self.candidates)) < len(self.candidates):
            raise ValueError("two candidates are the same")
        return self


def check_pairwise(question: Mapping[str, Any], answer: Any, item: ItemContent | None) -> Checked:
    """Accept a candidate, or `tie` where it is allowed."""
    if missing := _find_missing(question, item):
        return refused(missing)
    values = [*question["candidates"], *([TIE] if question.get("tie", True) else [])]
    if isinstance(answer, str) and answer in values:
        return Checked(answer)
    return refused(f"The answer must be one of {named(values)}.")


def check_ranking(question: Mapping[str, Any], answer: Any, item: ItemContent | None) -> Checked:
    """Accept the candidates in some order, each once."""
    if missing := _find_missing(question, item):
        return refused(missing)
    candidates = question["candidates"]
    if (
        isinstance(answer, list)
        and all(isinstance(candidate, str) for candidate in answer)
        and sorted(answer) == sorted(candidates)
    ):
        return Checked(answer)
    return refused(f"The answer must be the list of {named(candidates)} from best to worst, each once.")


def _find_missing(question: Mapping[str, Any], item: ItemContent | None) -> str | None:
    """Return why the item cannot be compared, or None: nobody prefers what is not there."""
    if item is None:
        return None
    there = item.output if isinstance(item.output, dict) else {}
    missing = [candidate for candidate in question["candidates"] if candidate not in there]
    return f"The output of this item has no candidate {named(missing)}. Skip it." if missing else None
