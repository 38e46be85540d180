"""What a lead wants to know of two rubric versions: question by question, what is new, gone, moved or different."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from annotations.rubrics.questions import primary_question

Stored = Mapping[str, Any]
_WORDS = {
    "kind": "kind", "title": "title", "help": "help", "required": "must be answered", "show_if": "shown",
    "positive": "counts as pass", "positive_from": "counts as pass from", "primary": "main question",
    "min": "least", "max": "most", "max_length": "longest text", "labels": "words on the scale",
    "target": "text marked",
    "candidates": "candidates", "tie": "tie allowed", "schema": "schema", "prefill": "filled in from",
}  # fmt: skip
_DEFAULTS: dict[str, Any] = {"required": True, "primary": False, "help": "", "tie": True, "max_length": 10_000}


class Detail(NamedTuple):
    """One thing about a question: what it was and what it is, empty where there was or is nothing."""

    about: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class QuestionChange:
    """What happened to one question, by its key."""

    key: str
    title: str
    what: Literal["added", "removed", "changed", "moved"]
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs, and whether pass rates mean something else afterwards."""

    questions: tuple[QuestionChange, ...]
    guidelines: bool
    pass_means: Detail | None

    @property
    def is_nothing(self) -> bool:
        """Tell whether the two are the same."""
        return not self.questions and not self.guidelines


def find_difference(
    before: Sequence[Stored], after: Sequence[Stored], *, guidelines: tuple[str, str] = ("", "")
) -> Difference:
    """Return what differs between two lists of stored questions, and between the old and the new guidelines."""
    passes = _pass_means(before), _pass_means(after)
    return Difference(
        questions=tuple(_changes(before, after)),
        guidelines=guidelines[0] != guidelines[1],
        pass_means=Detail("pass", *passes) if before and passes[0] != passes[1] else None,
    )


def _changes(before: Sequence[Stored], after: Sequence[Stored]) -> Iterator[QuestionChange]:
    old = {question["key"]: question for question in before}
    new = {question["key"]: question for question in after}
    kept = [key for key in old if key in new]
    kept_after = [key for key in new if key in old]
    for key, question in new.items():
        if key not in old:
            yield QuestionChange(key, question["title"], "added", (Detail("kind", "", _shown(question["kind"])),))
            continue
        details = tuple(_details(old[key], question))
        if details:
            yield QuestionChange(key, question["title"], "changed", details)
        elif kept.index(key) != kept_after.index(key):
            yield QuestionChange(key, question["title"], "moved")
    for key, question in old.items():
        if key not in new:
            yield QuestionChange(key, question["title"], "removed")


def _details(before: Stored, after: Stored) -> Iterator[Detail]:
    for field, words in _WORDS.items():
        default = _DEFAULTS.get(field)
        one, other = before.get(field, default), after.get(field, default)
        if one != other:
            yield Detail(words, _shown(one), _shown(other))
    yield from _option_details(before, after)


def _option_details(before: Stored, after: Stored) -> Iterator[Detail]:
    """Yield what happened to options or tags, by their values."""
    old, new = _options(before), _options(after)
    for value, option in new.items():
        if value not in old:
            yield Detail("option", "", option["label"])
            continue
        for field, words in (("label", f"option {value}"), ("hotkey", f"key of {value}")):
            if old[value].get(field) != option.get(field):
                yield Detail(words, _shown(old[value].get(field)), _shown(option.get(field)))
    for value, option in old.items():
        if value not in new:
            yield Detail("option", option["label"], "")
    kept = [value for value in old if value in new]
    if kept != [value for value in new if value in old]:
        yield Detail("order of options", ", ".join(old), ", ".join(new))


def _options(question: Stored) -> dict[str, Stored]:
    return {option["value"]: option for option in [*question.get("options", ()), *question.get("tags", ())]}


def _pass_means(questions: Sequence[Stored]) -> str:
    """Return in words what the pass rate speaks of."""
    key = primary_question([dict(question) for question in questions])
    question = next((one for one in questions if one["key"] == key), None)
    if question is None:
        return "nothing counts as pass"
    if question.get("positive") is not None:
        return f"{key} is {' or '.join(question['positive']) or 'nothing'}"
    if question.get("positive_from") is not None:
        return f"{key} is {question['positive_from']} or more"
    return f"{key}, which knows no pass"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        if set(value) == {"question", "in"}:
            return f"if {value['question']} is {' or '.join(map(str, value['in']))}"
        text = json.dumps(value, ensure_ascii=False)
        return text if len(text) <= 200 else f"{text[:200]}…"
    return str(value)
