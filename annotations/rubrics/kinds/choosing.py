"""Choices: exactly one of the options, or several of them."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from annotations.rubrics.kinds.base import (
    BaseQuestion,
    Checked,
    Option,
    Value,
    named,
    option_values,
    refused,
    values_of,
)


class Choice(BaseQuestion):
    """Exactly one of the options."""

    kind: Literal["choice"]
    options: list[Option] = Field(min_length=2, max_length=200)
    positive: list[Value] | None = None

    @model_validator(mode="after")
    def _values_make_sense(self) -> Self:
        values = option_values(self.options)
        missing = set(self.positive or ()) - set(values)
        if missing:
            raise ValueError(f"positive names {', '.join(sorted(missing))}, which is no option")
        if self.positive is not None and len(set(self.positive)) >= len(values):
            raise ValueError("some option must not be positive, or nothing could ever fail")
        return self


class MultiChoice(BaseQuestion):
    """Several of the options, at least `min` (one, unless said) and at most `max` of them."""

    kind: Literal["multi_choice"]
    options: list[Option] = Field(min_length=2, max_length=200)
    min: int | None = Field(default=None, ge=0)
    max: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _numbers_can_be_met(self) -> Self:
        values = option_values(self.options)
        if (self.min or 0) > len(values):
            raise ValueError(f"min asks for {self.min} of {len(values)} options")
        if self.max is not None and self.max < (self.min or 0):
            raise ValueError("max is below min")
        return self


def check_choice(question: Mapping[str, Any], answer: Any, item: object) -> Checked:  # noqa: ARG001
    """Accept the value of an option."""
    values = values_of(question)
    if isinstance(answer, str) and answer in values:
        return Checked(answer)
    return refused(f"The answer must be one of {named(values)}.")


def check_multi_choice(question: Mapping[str, Any], answer: Any, item: object) -> Checked:  # noqa: ARG001
    """Accept a list of different options' values, in any order; it is kept as given."""
    values = values_of(question)
    if not isinstance(answer, list):
        return refused("The answer must be a list of options.")
    for index, value in enumerate(answer):
        if not isinstance(value, str) or value not in values:
            return refused(f"Expected one of {named(values)}.", str(index))
        if value in answer[:index]:
            return refused(f"{value} is there twice.", str(index))
    least, most = least_chosen(question), question.get("max") or len(values)
    if len(answer) < least:
        return refused(f"Choose at least {least}." if least > 1 else "Choose at least one.")
    if len(answer) > most:
        return refused(f"Choose at most {most}.")
    return Checked(answer)


def least_chosen(question: Mapping[str, Any]) -> int:
    """Return how many options an answer has at least: one, unless the rubric says otherwise."""
    least = question.get("min")
    return 1 if least is None else int(least)
