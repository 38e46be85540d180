"""What all kinds share: the fields every question has, options with keys, and the result of checking an answer."""

from collections.abc import Mapping
from math import isfinite
from typing import Annotated, Any, NamedTuple

from pydantic import ConfigDict, Field, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from reviewapp.http.nulls import NullsAreDefaults

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Value = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=500)]
# One visible character; upper case is pressed with Shift.
Hotkey = Annotated[str, StringConstraints(pattern=r"^[!-~]$")]

MAX_TEXT = 1_000_000


class Strict(NullsAreDefaults):
    """Unknown fields are refused, so that a typo never passes for a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*")
    @classmethod
    def _can_be_stored(cls, value: Any) -> Any:
        if problem := find_unstorable(value):
            raise PydanticCustomError("unstorable", "{problem}", {"problem": problem})
        return value


class Option(Strict):
    """One answer of a choice, or one tag of spans."""

    value: Value
    label: Title
    hotkey: Hotkey | None = None


class ShowIf(Strict):
    """A question is asked only where an earlier one has one of these answers."""

    question: Key
    values: list[Value | int] = Field(alias="in", min_length=1)


class BaseQuestion(Strict):
    """The fields of every question."""

    key: Key
    title: Title
    help: Annotated[str, StringConstraints(max_length=2000)] = ""
    required: bool = True
    primary: bool = False
    show_if: ShowIf | None = None


class Problem(NamedTuple):
    """What is wrong with an answer, and where inside it: a path such as `2` or `lines.0.price`, empty for all of it."""

    message: str
    path: str = ""


class Checked(NamedTuple):
    """A checked answer: as it is to be kept, what is kept beside it, or what is wrong with it."""

    answer: Any = None
    detail: dict[str, Any] | None = None
    problems: tuple[Problem, ...] = ()


def refused(message: str, path: str = "") -> Checked:
    """Return the result for an answer with one thing wrong."""
    return Checked(problems=(Problem(message, path),))


def option_values(options: list[Option]) -> list[str]:
    """Return the options' values, or raise ValueError where two are the same."""
    values = [option.value for option in options]
    if len(set(values)) < len(values):
        raise ValueError("two options have the same value")
    return values


def values_of(question: Mapping[str, Any]) -> list[str]:
    """Return the values of a stored question's options."""
    return [option["value"] for option in question["options"]]


def named(values: list[str]) -> str:
    """Return the values for a sentence, the first ten."""
    return f"{', '.join(values[:10])}{' …' if len(values) > 10 else ''}"


def find_unstorable(value: Any) -> str | None:
    """Return why a value cannot be stored as JSON, or None."""
    values = [value]
    while values:
        one = values.pop()
        if isinstance(one, str):
            if "\x00" in one:
                return "Text cannot hold the NUL character."
            try:
                one.encode()
            except UnicodeEncodeError:
                return "The text holds half of a character (a lone surrogate)."
        elif isinstance(one, list):
            values += one
        elif isinstance(one, dict):
            values += [*one, *one.values()]
        elif isinstance(one, float) and not isfinite(one):
            return "Numbers must be finite."
        elif isinstance(one, int) and not -(2**63) <= one < 2**64:
            return "A whole number has more than 64 bits."
    return None
