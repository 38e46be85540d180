"""The questions of a rubric: what they may be, one by one and together."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from annotations.rubrics.kinds.base import Strict
from annotations.rubrics.kinds.choosing import Choice, MultiChoice
from annotations.rubrics.kinds.comparing import TIE, Pairwise, Ranking
from annotations.rubrics.kinds.correction import Correction
from annotations.rubrics.kinds.json_form import JsonForm
from annotations.rubrics.kinds.rating import Rating
from annotations.rubrics.kinds.spans import Spans
from annotations.rubrics.kinds.text import Text

AnyQuestion = Choice | MultiChoice | Rating | Text | Spans | Pairwise | Ranking | Correction | JsonForm
Question = Annotated[AnyQuestion, Field(discriminator="kind")]

# Keys that mean something else on the review page: a rubric may claim a letter, whose button is then what does it.
PAGE_HOTKEYS = frozenset("szjkefdruxgnm?/,.")
# Keys that no rubric may claim: the list of keys, the search, and the way from question to question.
RESERVED_HOTKEYS = frozenset("?/,.")


class RubricBody(Strict):
    """The body of a rubric version."""

    guidelines: Annotated[str, StringConstraints(max_length=200_000)] = ""
    questions: list[Question] = Field(min_length=1, max_length=50)

    @model_validator(mode="after")
    def _questions_fit_together(self) -> Self:
        seen: dict[str, AnyQuestion] = {}
        for index, question in enumerate(self.questions):
            if question.key in seen:
                raise _wrong(f"two questions have the key {question.key!r}", "questions", index, "key")
            if problem := _find_impossible_condition(question, seen):
                raise _wrong(problem, "questions", index, "show_if")
            seen[question.key] = question
        _refuse_hotkey_conflicts(self.questions)
        primary = [index for index, question in enumerate(self.questions) if question.primary]
        if len(primary) > 1:
            raise _wrong("only one question can be the primary one", "questions", primary[1], "primary")
        return self


def _wrong(message: str, *place: str | int) -> PydanticCustomError:
    """Return an error that names its place below the body."""
    # The message is a parameter, because braces in a template would be read as one.
    return PydanticCustomError("rubric", "{message}", {"message": message, "place": ".".join(map(str, place))})


def _refuse_hotkey_conflicts(questions: Sequence[AnyQuestion]) -> None:
    """Raise an error where a key would mean two things within a question; among questions the active one has it."""
    for index, question in enumerate(questions):
        meanings: dict[str, str] = {}
        name, options = ("tags", question.tags) if isinstance(question, Spans) else ("options", [])
        if isinstance(question, Choice | MultiChoice):
            options = question.options
        for number, option in enumerate(options):
            if option.hotkey is None:
                continue
            meaning = f"{option.value!r} of {question.key!r}"
            place = ("questions", index, name, number, "hotkey")
            if option.hotkey in RESERVED_HOTKEYS:
                raise _wrong(f"the key {option.hotkey!r} of {meaning} is one of the page's own keys", *place)
            if option.hotkey in meanings:
                both = f"{meanings[option.hotkey]} and {meaning}"
                raise _wrong(f"the key {option.hotkey!r} stands for both {both}", *place)
            meanings[option.hotkey] = meaning


def _find_impossible_condition(question: AnyQuestion, earlier: Mapping[str, AnyQuestion]) -> str | None:
    if question.show_if is None:
        return None
    name = question.show_if.question
    asked = earlier.get(name)
    possible: Sequence[str | int]
    if isinstance(asked, Choice | MultiChoice):
        possible = [option.value for option in asked.options]
    elif isinstance(asked, Rating):
        possible = range(asked.min, asked.max + 1)
    elif isinstance(asked, Pairwise):
        possible = [*asked.candidates, *([TIE] if asked.tie else [])]
    else:
        return f"{question.key!r} is shown by {name!r}, which is no earlier choice, multi_choice, rating or pairwise"
    missing = [str(value) for value in question.show_if.values if value not in possible]
    if missing:
        return f"{question.key!r} is shown by answers that do not exist: {', '.join(missing)}"
    return None


def has_form(question: Mapping[str, Any], answer: Any) -> bool:
    """Return whether an answer has the form that a stored question asks for.

    One that was given to an older version of it, when it was a question of another kind, may not have: it is no answer
    to this one.
    """
    match question["kind"]:
        case "choice" | "pairwise" | "text":
            return isinstance(answer, str)
        case "rating":
            return type(answer) is int
        case "multi_choice" | "ranking":
            return isinstance(answer, list) and all(isinstance(value, str) for value in answer)
        case "spans":
            return isinstance(answer, list) and all(
                isinstance(span, dict) and {"start", "end", "tag"} <= span.keys() for span in answer
            )
        case "correction":
            return isinstance(answer, str | dict | list)
    return True


def is_shown(question: Mapping[str, Any], answers: Mapping[str, Any]) -> bool:
    """Return whether a stored question is asked, given the answers to shown questions before it.

    An answer that is a list shows the question if any of its values does. What was answered to a hidden question must
    not be in `answers`: then a chain of conditions ends with it.
    """
    condition = question.get("show_if")
    if condition is None:
        return True
    answer = answers.get(condition["question"])
    given = answer if isinstance(answer, list) else [answer]
    return any(value in condition["in"] for value in given)


def is_positive(question: Mapping[str, Any], answer: Any) -> bool | None:
    """Return whether an answer is a pass; None where the question knows no pass and fail."""
    if question.get("positive") is not None:
        return answer in question["positive"]
    if question.get("positive_from") is not None:
        return type(answer) is int and answer >= question["positive_from"]
    return None


def primary_question(questions: list[dict[str, Any]]) -> str | None:
    """Return the key of the question that pass rates speak of: the marked one, else the first pass/fail one."""
    marked = [str(question["key"]) for question in questions if question.get("primary")]
    graded = [
        str(question["key"])
        for question in questions
        if question.get("positive") is not None or question.get("positive_from") is not None
    ]
    return next(iter(marked or graded), None)
