"""What each person said on the items that a judge judged, as codes: for the ceiling, and for the alternative test."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson

from annotations.estimates.grading import PASS, UNPARSED
from annotations.judges.pairs import Pair
from annotations.rubrics.questions import has_form, is_positive
from reviewapp.stats.arrays import IntArray
from reviewapp.stats.signoff.alternative_test import MISSING


class Opinions(NamedTuple):
    """Items × people, 1 = pass, 0 = fail, -1 = said nothing; the judge's codes; and who the columns are."""

    people: IntArray
    judge: list[int]
    names: list[str]


def opinions_of(question: dict[str, Any], pairs: Sequence[Pair]) -> Opinions:
    """Return the pass/fail answers of everybody who labelled an item with a verdict that could be read.

    Who was asked because others differed is left out, and so is what an older version of the question asked in another
    form.
    """
    kept = [pair for pair in pairs if pair.verdict != UNPARSED and pair.labels]
    names = sorted({name for pair in kept for name in pair.reviewers})
    column = {name: index for index, name in enumerate(names)}
    people = np.full((len(kept), len(names)), MISSING)
    for row, pair in enumerate(kept):
        for name, answer, is_planned in zip(pair.reviewers, pair.labels, pair.planned, strict=True):
            value = orjson.loads(answer) if isinstance(answer, str) else answer
            if is_planned and has_form(question, value):
                people[row, column[name]] = int(bool(is_positive(question, value)))
    return Opinions(people, [int(pair.verdict == PASS) for pair in kept], names)
