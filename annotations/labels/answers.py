"""One validator of answers, for the browser, the API and imports."""

from collections.abc import Mapping
from typing import Any

from reviewapp.http.errors import FieldError, InvalidError


def check_answers(questions: list[dict[str, Any]], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers to keep: those of visible questions, each valid, in the questions' order.

    An unknown key is refused; an answer to a question that another answer hides is dropped. Raises InvalidError with
    code `answers_invalid` and a path `answers.<key>` for each problem.
    """
    known = {question["key"] for question in questions}
    problems = [
        FieldError(f"answers.{key}", "There is no such question in this rubric.") for key in answers if key not in known
    ]
    kept: dict[str, Any] = {}
    for question in questions:
        if not _is_shown(question, kept):
            continue
        key = question["key"]
        answer = answers.get(key)
        if answer is None or answer == "":
            if question.get("required", True):
                problems.append(FieldError(f"answers.{key}", "This question needs an answer."))
            continue
        problem = _CHECKS[question["kind"]](question, answer)
        if problem is None:
            kept[key] = answer
        else:
            problems.append(FieldError(f"answers.{key}", problem))
    if problems:
        raise InvalidError("Some answers are missing or not allowed.", code="answers_invalid", fields=tuple(problems))
    return kept


def _is_shown(question: Mapping[str, Any], kept: Mapping[str, Any]) -> bool:
    condition = question.get("show_if")
    return condition is None or kept.get(condition["question"]) in condition["in"]


def _check_choice(question: Mapping[str, Any], answer: Any) -> str | None:
    values = [option["value"] for option in question["options"]]
    if isinstance(answer, str) and answer in values:
        return None
    return f"The answer must be one of {', '.join(values[:10])}{' …' if len(values) > 10 else ''}."


def _check_text(question: Mapping[str, Any], answer: Any) -> str | None:
    if not isinstance(answer, str):
        return "The answer must be text."
    if "\x00" in answer:
        return "Text cannot hold the NUL character."
    longest = question.get("max_length", 10_000)
    if len(answer) > longest:
        return f"The text has {len(answer):,} characters; at most {longest:,} are kept."
    return None


_CHECKS = {"choice": _check_choice, "text": _check_text}
