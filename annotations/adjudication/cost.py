"""What a disagreement may cost: which case an adjudicator is given first."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from annotations.labels.combine import same_answer
from annotations.labels.resolve import Vote
from annotations.rubrics.publish import rubric_by_id
from annotations.rubrics.questions import has_form, is_shown

# Free notes are remarks: two people hardly ever write the same one, and that is no disagreement.
_REMARKS = frozenset({"text"})

Costs = Mapping[tuple[str, frozenset[Any]], float]


class Disagreement(NamedTuple):
    """The questions that people answered differently, and what confusing two people's answers costs on average."""

    questions: list[str]
    cost: float


def costs_of(stored: Sequence[Mapping[str, Any]]) -> Costs:
    """Return a project's costs by question and the two answers, whose order says nothing."""
    return {(each["question"], frozenset({each["a"], each["b"]})): each["cost"] for each in stored}


def measure(votes: Sequence[Vote], costs: Costs) -> Disagreement:
    """Return where the votes differ and their mean cost over all pairs of people, summed over the questions.

    Two different answers cost 1 unless the project says otherwise: two people who differ in one question make 1, two
    against one make 2/3. A question that only some were shown does not differ by that alone.
    """
    newest = rubric_by_id(max(vote.rubric_id for vote in votes)).questions
    differing, total = [], 0.0
    for question in newest:
        if question["kind"] in _REMARKS:
            continue
        key = question["key"]
        asked = [vote.answers for vote in votes if key in vote.answers and is_shown(question, vote.answers)]
        given = [answers[key] for answers in asked if has_form(question, answers[key])]
        pairs = list(combinations(given, 2))
        apart = [(a, b) for a, b in pairs if not same_answer(question, a, b)]
        if apart:
            differing.append(key)
            total += sum(_cost(costs, key, a, b) for a, b in apart) / len(pairs)
    return Disagreement(differing, total)


def _cost(costs: Costs, key: str, a: Any, b: Any) -> float:
    if isinstance(a, str | int) and isinstance(b, str | int):
        return costs.get((key, frozenset({a, b})), 1.0)
    return 1.0
