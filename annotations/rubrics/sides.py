"""Candidates as a reviewer sees them: in an order of their own, and without what tells who made them."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import orjson

COMPARING = frozenset({"pairwise", "ranking"})
# Fields of a candidate that name the system behind it.
_TELLING = frozenset({"system", "system_version", "model", "prompt_version", "provider", "confidence", "cost_usd"})


def order_candidates(candidates: Sequence[str], *, reviewer_id: int, task_id: int) -> list[str]:
    """Return the candidates in the order this reviewer sees them on this task.

    A candidate's place depends on its own hash, so that all questions about the same candidates show one order.
    """

    def number(candidate: str) -> bytes:
        return sha256("\x1f".join((str(reviewer_id), str(task_id), candidate)).encode()).digest()

    return sorted(candidates, key=number)


def candidates_of(questions: Sequence[Mapping[str, Any]], *, reviewer_id: int, task_id: int) -> list[str]:
    """Return all candidates that the questions compare, in the order in which this reviewer sees them."""
    named = {candidate for question in _comparing(questions) for candidate in question["candidates"]}
    return order_candidates(sorted(named), reviewer_id=reviewer_id, task_id=task_id)


def orders_of(questions: Sequence[Mapping[str, Any]], *, reviewer_id: int, task_id: int) -> dict[str, list[str]]:
    """Return for each question that compares candidates the order in which this reviewer sees them."""
    return {
        question["key"]: order_candidates(question["candidates"], reviewer_id=reviewer_id, task_id=task_id)
        for question in _comparing(questions)
    }


def _comparing(questions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [question for question in questions if question["kind"] in COMPARING]


def asks_for_whole_output(questions: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a question needs the output as it is, beyond the candidates in it."""
    return any(
        question["kind"] == "correction" or question.get("target") == "output" or question.get("prefill") == "output"
        for question in questions
    )


def is_output_marked(questions: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether spans are marked in the output's own text, which then has to be shown beside its candidates."""
    return any(question["kind"] == "spans" and question["target"] == "output" for question in questions)


def only_candidates(output: str | None, candidates: Sequence[str]) -> Any:
    """Return the candidates of an output (raw JSON) in the order shown, without what a blind reviewer must not see."""
    value = orjson.loads(output) if output is not None else None
    if not isinstance(value, dict):
        return value
    return {candidate: _without_telling(value[candidate]) for candidate in candidates if candidate in value}


def _without_telling(candidate: Any) -> Any:
    if not isinstance(candidate, dict):
        return candidate
    return {name: value for name, value in candidate.items() if name not in _TELLING}
