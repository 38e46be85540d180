"""Several people's answers to one question as one: what is equal, and what most of them say."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import orjson

from annotations.rubrics.json_schema import find_schema_problems
from annotations.rubrics.questions import has_form


class Combined(NamedTuple):
    """The common answer, None where there is none, and whether everybody gave it."""

    answer: Any
    unanimous: bool


def combine_answers(question: Mapping[str, Any], given: Sequence[Any], *, by_majority: bool) -> Combined:
    """Return what at least one answer to a stored question come to.

    Equal answers are the answer; the order of a `multi_choice` says nothing. By majority, each option of a
    `multi_choice` and each span stands if more than half gave it, a `ranking` is the order that the majorities of its
    pairs agree on, an object (`json`, `correction`) has in each place what most say there, as long as the whole is
    allowed, and anything else is the most frequent answer. Exactly half, a tie or a circle is no answer. What has not
    the question's form, being the answer to an older version of it, is left out.
    """
    given = [answer for answer in given if has_form(question, answer)]
    if not given:
        return Combined(None, unanimous=False)
    keys = [_comparable(question, answer) for answer in given]
    if len(set(keys)) == 1:
        return Combined(given[0], unanimous=True)
    if not by_majority:
        return Combined(None, unanimous=False)
    return Combined(_MAJORITIES.get(question["kind"], _most_frequent)(question, given), unanimous=False)


def same_answer(question: Mapping[str, Any], a: Any, b: Any) -> bool:
    """Return whether two answers to a stored question say the same."""
    return _comparable(question, a) == _comparable(question, b)


def _comparable(question: Mapping[str, Any], answer: Any) -> bytes:
    if question["kind"] == "multi_choice" and has_form(question, answer):
        answer = sorted(answer)
    return orjson.dumps(answer, option=orjson.OPT_SORT_KEYS)


def _most_frequent(question: Mapping[str, Any], given: Sequence[Any]) -> Any:
    """Return the answer given more often than any other, or None."""
    ranked = Counter(_comparable(question, answer) for answer in given).most_common(2)
    if len(ranked) > 1 and ranked[0][1] == ranked[1][1]:
        return None
    return orjson.loads(ranked[0][0])


def _options(question: Mapping[str, Any], given: Sequence[list[str]]) -> list[str] | None:
    counts = Counter(value for answer in given for value in answer)
    if any(2 * n == len(given) for n in counts.values()):
        return None
    return [option["value"] for option in question["options"] if 2 * counts[option["value"]] > len(given)]


def _spans(question: Mapping[str, Any], given: Sequence[list[dict[str, Any]]]) -> list[dict[str, Any]] | None:  # noqa: ARG001
    counts = Counter((span["start"], span["end"], span["tag"]) for answer in given for span in answer)
    if any(2 * n == len(given) for n in counts.values()):
        return None
    common = sorted(place for place, n in counts.items() if 2 * n > len(given))
    return [{"start": start, "end": end, "tag": tag} for start, end, tag in common]


def _ranking(question: Mapping[str, Any], given: Sequence[list[str]]) -> list[str] | None:
    """Return the order in which each candidate beats all that follow it, or None; of the same candidates only."""
    given = [ranking for ranking in given if sorted(ranking) == sorted(question["candidates"])]
    wins: Counter[str] = Counter()
    for a, b in combinations(question["candidates"], 2):
        ahead = sum(1 if ranking.index(a) < ranking.index(b) else -1 for ranking in given)
        if ahead == 0:
            return None
        wins[a if ahead > 0 else b] += 1
    order = sorted(question["candidates"], key=lambda candidate: -wins[candidate])
    # Without a circle the first beats all others, the second all but one, and so on.
    return order if [wins[candidate] for candidate in order] == list(range(len(order)))[::-1] else None


_ABSENT = object()


class _OpenError(Exception):
    """A place of an object that no majority settles."""


def _object(question: Mapping[str, Any], given: Sequence[Any]) -> Any:
    """Return the object that most people's answers make place by place, or None; of other answers the most frequent."""
    if not all(isinstance(answer, dict) for answer in given):
        return _most_frequent(question, given)
    try:
        merged = _merge(given)
    except _OpenError:
        return None
    schema = question.get("schema")
    return None if schema is not None and find_schema_problems(schema, merged) else merged


def _merge(values: Sequence[Any]) -> Any:
    present = [value for value in values if value is not _ABSENT]
    if len(present) * 2 > len(values) and all(isinstance(value, dict) for value in present):
        keys = dict.fromkeys(key for value in present for key in value)
        merged = {key: _merge([value.get(key, _ABSENT) for value in present]) for key in keys}
        return {key: value for key, value in merged.items() if value is not _ABSENT}
    texts = [None if value is _ABSENT else orjson.dumps(value, option=orjson.OPT_SORT_KEYS) for value in values]
    ranked = Counter(texts).most_common(2)
    if len(ranked) > 1 and ranked[0][1] == ranked[1][1]:
        raise _OpenError
    return values[texts.index(ranked[0][0])]


_MAJORITIES: dict[str, Callable[[Mapping[str, Any], Sequence[Any]], Any]] = {
    "multi_choice": _options,
    "spans": _spans,
    "ranking": _ranking,
    "json": _object,
    "correction": _object,
}
