"""What differing answers have in common: what an adjudicator need not decide again."""

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import orjson

_PIECE = re.compile(r"\s+|\w+|[^\w\s]")
_MOST_PIECES = 6000


def agreed_part(question: Mapping[str, Any], given: Sequence[Any], original: Any = None) -> Any:
    """Return the part of an answer that all of at least two answers share, or None where there is none.

    Options and spans that everybody chose; the first places of a ranking as far as all are the same; the places of an
    object where all say the same; the original with those changes that everybody made.
    """
    match question["kind"]:
        case "multi_choice":
            return [value for value in given[0] if all(value in answer for answer in given)] or None
        case "spans":
            return [span for span in given[0] if all(_place(span) in map(_place, answer) for answer in given)] or None
        case "ranking":
            return _common_beginning(given) or None
        case "json":
            return _common_object(given) or None
        case "correction":
            return _common_correction(given, original)
    return None


def _place(span: Mapping[str, Any]) -> tuple[int, int, str]:
    return span["start"], span["end"], span["tag"]


def _common_beginning(given: Sequence[Sequence[str]]) -> list[str]:
    first: list[str] = []
    for places in zip(*given, strict=False):
        if len(set(places)) > 1:
            break
        first.append(places[0])
    return first


def _common_object(given: Sequence[Any]) -> Any:
    """Return the object of what all objects say alike; None where they are no objects."""
    if not all(isinstance(value, dict) for value in given):
        return None
    common = {}
    for key in given[0]:
        if not all(key in value for value in given):
            continue
        values = [value[key] for value in given]
        if len({orjson.dumps(value, option=orjson.OPT_SORT_KEYS) for value in values}) == 1:
            common[key] = values[0]
        elif part := _common_object(values):
            common[key] = part
    return common


def _common_correction(given: Sequence[Any], original: Any) -> Any:
    if not all(isinstance(answer, str) for answer in [*given, original]):
        return None
    old = _PIECE.findall(original)
    if len(old) > _MOST_PIECES or any(len(answer) > 40 * _MOST_PIECES for answer in given):
        return None
    shared = set.intersection(*(_changes(old, answer) for answer in given))
    if not shared:
        return None
    pieces: list[str] = []
    at = 0
    for start, end, new in sorted(shared):
        pieces += [*old[at:start], new]
        at = end
    return "".join([*pieces, *old[at:]])


def _changes(old: list[str], corrected: str) -> set[tuple[int, int, str]]:
    """Return the changes that lead from the original's pieces to a correction: from, to, and what stands there now."""
    new = _PIECE.findall(corrected)
    steps = SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes()
    return {(a, b, "".join(new[c:d])) for kind, a, b, c, d in steps if kind != "equal"}
