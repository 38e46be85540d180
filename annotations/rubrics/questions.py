"""The questions of a rubric: what a valid one looks like."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Value = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=500)]

# Keys that mean something else on the review page.
RESERVED_HOTKEYS = frozenset("szjkefdruxgn?")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Option(_Strict):
    """One answer of a choice."""

    value: Value
    label: Title
    hotkey: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None


class ShowIf(_Strict):
    """A question is asked only where an earlier choice has one of these answers."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    question: Key
    values: list[Value] = Field(alias="in", min_length=1)


class _Question(_Strict):
    key: Key
    title: Title
    help: Annotated[str, StringConstraints(max_length=2000)] = ""
    required: bool = True
    primary: bool = False
    show_if: ShowIf | None = None


class Choice(_Question):
    """Exactly one of the options."""

    kind: Literal["choice"]
    options: list[Option] = Field(min_length=2, max_length=200)
    positive: list[Value] | None = None

    @model_validator(mode="after")
    def _values_make_sense(self) -> Self:
        values = [option.value for option in self.options]
        if len(set(values)) < len(values):
            raise ValueError("two options have the same value")
        missing = set(self.positive or ()) - set(values)
        if missing:
            raise ValueError(f"positive names {', '.join(sorted(missing))}, which is no option")
        if self.positive is not None and len(set(self.positive)) >= len(values):
            raise ValueError("some option must not be positive, or nothing could ever fail")
        return self


class Text(_Question):
    """Free text."""

    kind: Literal["text"]
    max_length: int = Field(default=10_000, ge=1, le=100_000)


Question = Annotated[Choice | Text, Field(discriminator="kind")]

# In the contract, and not answerable in the browser yet: refused with that reason, never half accepted.
KINDS_TO_COME = frozenset({"multi_choice", "rating", "spans", "pairwise", "ranking", "correction", "json"})


class RubricBody(_Strict):
    """The body of a rubric version."""

    guidelines: Annotated[str, StringConstraints(max_length=200_000)] = ""
    questions: list[Question] = Field(min_length=1, max_length=50)

    @model_validator(mode="after")
    def _questions_fit_together(self) -> Self:
        seen: dict[str, Choice | Text] = {}
        hotkeys: dict[str, str] = {}
        for question in self.questions:
            if question.key in seen:
                raise ValueError(f"two questions have the key {question.key!r}")
            self._condition_can_be_met(question, seen)
            seen[question.key] = question
            for option in question.options if isinstance(question, Choice) else ():
                if option.hotkey is None:
                    continue
                if option.hotkey in RESERVED_HOTKEYS:
                    raise ValueError(f"the key {option.hotkey!r} of {option.value!r} is one of the page's own keys")
                if option.hotkey in hotkeys:
                    raise ValueError(
                        f"the key {option.hotkey!r} stands for both {hotkeys[option.hotkey]!r} and {option.value!r}"
                    )
                hotkeys[option.hotkey] = option.value
        if sum(question.primary for question in self.questions) > 1:
            raise ValueError("only one question can be the primary one")
        return self

    @staticmethod
    def _condition_can_be_met(question: Choice | Text, earlier: dict[str, Choice | Text]) -> None:
        if question.show_if is None:
            return
        asked = earlier.get(question.show_if.question)
        if not isinstance(asked, Choice):
            raise ValueError(f"{question.key!r} is shown by {question.show_if.question!r}, which is no earlier choice")
        missing = set(question.show_if.values) - {option.value for option in asked.options}
        if missing:
            raise ValueError(f"{question.key!r} is shown by answers that do not exist: {', '.join(sorted(missing))}")


def primary_question(questions: list[dict[str, object]]) -> str | None:
    """Return the key of the question that pass rates speak of: the marked one, else the first pass/fail one."""
    marked = [str(question["key"]) for question in questions if question.get("primary")]
    graded = [str(question["key"]) for question in questions if question.get("positive")]
    return next(iter(marked or graded), None)
