"""Ratings: a whole number on a scale."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from annotations.rubrics.kinds.base import BaseQuestion, Checked, Title, refused

MAX_STEPS = 101


class Rating(BaseQuestion):
    """A whole number from `min` to `max`; `positive_from` and above is a pass.

    `labels` says what numbers mean (`{"1": "poor", "5": "excellent"}`). A list is taken too, one text for each number
    or two for the ends, and kept by number.
    """

    kind: Literal["rating"]
    min: int = Field(ge=-1000, le=1000)
    max: int = Field(ge=-1000, le=1000)
    labels: dict[str, Title] | None = None
    positive_from: int | None = None

    @model_validator(mode="before")
    @classmethod
    def _labels_by_number(cls, given: Any) -> Any:
        """Turn a list of labels into labels by number, where the scale is one; whatever is wrong is refused below."""
        if not isinstance(given, dict) or not isinstance(given.get("labels"), list):
            return given
        low, high, texts = given.get("min"), given.get("max"), given["labels"]
        if type(low) is not int or type(high) is not int:
            return {name: value for name, value in given.items() if name != "labels"}
        numbers = [low, high] if len(texts) == 2 else list(range(low, high + 1))[: MAX_STEPS + 1]
        if len(texts) != len(numbers):
            raise ValueError(f"labels has {len(texts)} texts; give two for the ends, or {len(numbers)}")
        return {**given, "labels": {str(number): text for number, text in zip(numbers, texts, strict=True)}}

    @model_validator(mode="after")
    def _scale_makes_sense(self) -> Self:
        steps = self.max - self.min + 1
        if steps < 2:
            raise ValueError("max must be above min")
        if steps > MAX_STEPS:
            raise ValueError(f"a scale has at most {MAX_STEPS} steps")
        numbers = {str(number) for number in range(self.min, self.max + 1)}
        if strange := [number for number in self.labels or () if number not in numbers]:
            raise ValueError(f"labels names {strange[0]!r}, which is not on the scale")
        if self.positive_from is not None and not self.min < self.positive_from <= self.max:
            raise ValueError("positive_from must be above min and at most max, or nothing could fail or pass")
        return self


def check_rating(question: Mapping[str, Any], answer: Any, item: object) -> Checked:  # noqa: ARG001
    """Accept a whole number on the scale."""
    low, high = question["min"], question["max"]
    number = int(answer) if isinstance(answer, float) and answer.is_integer() else answer
    if type(number) is not int or not low <= number <= high:
        return refused(f"The answer must be a whole number from {low} to {high}.")
    return Checked(number)
