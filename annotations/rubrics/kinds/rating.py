"""Ratings: a whole number on a scale."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from annotations.rubrics.kinds.base import BaseQuestion, Checked, Title, refused

MAX_STEPS = 101


class Rating(BaseQuestion):
    """A whole number from `min` to `max`; `positive_from` and above is a pass.

    `labels` says what numbers mean: by number (`{"1": "poor", "5": "excellent"}`), or as a list, either one for each
    number or two for the ends.
    """

    kind: Literal["rating"]
    min: int = Field(ge=-1000, le=1000)
    max: int = Field(ge=-1000, le=1000)
    labels: dict[str, Title] | list[Title] | None = None
    positive_from: int | None = None

    @model_validator(mode="after")
    def _scale_makes_sense(self) -> Self:
        steps = self.max - self.min + 1
        if steps < 2:
            raise ValueError("max must be above min")
        if steps > MAX_STEPS:
            raise ValueError(f"a scale has at most {MAX_STEPS} steps")
        if isinstance(self.labels, dict):
            strange = [number for number in self.labels if number not in map(str, range(self.min, self.max + 1))]
            if strange:
                raise ValueError(f"labels names {strange[0]!r}, which is not on the scale")
        elif self.labels is not None and len(self.labels) not in {2, steps}:
            raise ValueError(f"labels has {len(self.labels)} texts; give two for the ends, or {steps}")
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
