"""One validator of answers, for the browser, the API, imports and judges."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from annotations.rubrics.kinds.base import Checked
from annotations.rubrics.kinds.choosing import check_choice, check_multi_choice, least_chosen
from annotations.rubrics.kinds.comparing import check_pairwise, check_ranking
from annotations.rubrics.kinds.correction import check_correction
from annotations.rubrics.kinds.json_form import check_json
from annotations.rubrics.kinds.rating import check_rating
from annotations.rubrics.kinds.spans import check_spans
from annotations.rubrics.kinds.text import check_text
from annotations.rubrics.questions import is_shown
from reviewapp.http.errors import FieldError, InvalidError
from sampling.items.content import ItemContent

# Kinds whose answers are checked against the item itself.
ABOUT_THE_ITEM = frozenset({"spans", "pairwise", "ranking", "correction"})

_CHECKS: dict[str, Callable[[Mapping[str, Any], Any, ItemContent | None], Checked]] = {
    "choice": check_choice,
    "multi_choice": check_multi_choice,
    "rating": check_rating,
    "text": check_text,
    "spans": check_spans,
    "pairwise": check_pairwise,
    "ranking": check_ranking,
    "correction": check_correction,
    "json": check_json,
}


class CheckedAnswers(NamedTuple):
    """The answers to keep, and what is kept beside them by question: quotes of spans, how much a correction changed."""

    answers: dict[str, Any]
    details: dict[str, dict[str, Any]]


def needs_item(questions: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether answers to these questions are checked against the item's content."""
    return any(question["kind"] in ABOUT_THE_ITEM or question.get("prefill") == "output" for question in questions)


def check_answers(
    questions: Sequence[Mapping[str, Any]], answers: Mapping[str, Any], item: ItemContent | None = None
) -> CheckedAnswers:
    """Return the answers to keep: those of visible questions, each valid, in the questions' order.

    An unknown key is refused; an answer to a question that another answer hides is dropped. Pass the item where
    `needs_item` says so; without it the limits that only its content knows are not checked. Raises InvalidError with
    code `answers_invalid` and a path `answers.<key>`, `answers.<key>.<place>` for each problem.
    """
    known = {question["key"] for question in questions}
    problems = [
        FieldError(f"answers.{key}", "There is no such question in this rubric.") for key in answers if key not in known
    ]
    kept: dict[str, Any] = {}
    details: dict[str, dict[str, Any]] = {}
    for question in questions:
        if not is_shown(question, kept):
            continue
        key = question["key"]
        answer = answers.get(key)
        if is_absent(question, answer):
            if question.get("required", True):
                problems.append(FieldError(f"answers.{key}", "This question needs an answer."))
            continue
        checked = _CHECKS[question["kind"]](question, answer, item)
        if checked.problems:
            problems += [FieldError(_join("answers", key, path), message) for message, path in checked.problems]
            continue
        kept[key] = checked.answer
        if checked.detail is not None:
            details[key] = checked.detail
    if problems:
        raise InvalidError("Some answers are missing or not allowed.", code="answers_invalid", fields=tuple(problems))
    return CheckedAnswers(kept, details)


def is_absent(question: Mapping[str, Any], answer: Any) -> bool:
    """Return whether a question was left open. No spans at all is an answer: somebody looked and found nothing."""
    if question["kind"] == "multi_choice" and answer == []:
        return least_chosen(question) > 0
    return answer is None or answer == ""


def _join(*parts: str) -> str:
    return ".".join(part for part in parts if part)
