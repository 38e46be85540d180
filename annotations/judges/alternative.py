"""The alternative annotator test of a judge version: can it stand in for one of the people?"""

from typing import NamedTuple

import numpy as np
import orjson

from annotations.estimates.grading import PASS, UNPARSED
from annotations.judges.pairs import get_judge_version, read_pairs
from annotations.quality.asked import Window, get_question
from annotations.rubrics.questions import is_positive
from reviewapp.accounts.access import Access
from reviewapp.stats.signoff.alternative_test import MISSING, AlternativeTest, alternative_annotator_test


class Tested(NamedTuple):
    """The result, and the reviewers by the number that it names them by."""

    result: AlternativeTest
    reviewers: list[str]


def run_alternative_test(
    access: Access, window: Window, *, judge: str, version: str, question: str | None, epsilon: float
) -> Tested:
    """Run the test on the pass/fail answers of everybody who labelled items that the version judged."""
    project = access.project
    found = get_judge_version(project, judge=judge, version=version)
    asked = get_question(project.pk, question)
    pairs = [
        pair
        for pair in read_pairs(window, asked, found, salt=project.sampling_salt, split=None)
        if pair.verdict != UNPARSED and pair.labels
    ]
    reviewers = sorted({name for pair in pairs for name in pair.reviewers})
    column = {name: index for index, name in enumerate(reviewers)}
    humans = np.full((len(pairs), len(reviewers)), MISSING)
    for row, pair in enumerate(pairs):
        for name, answer in zip(pair.reviewers, pair.labels, strict=True):
            value = orjson.loads(answer) if isinstance(answer, str) else answer
            humans[row, column[name]] = int(bool(is_positive(asked, value)))
    machine = [int(pair.verdict == PASS) for pair in pairs]
    return Tested(alternative_annotator_test(humans, machine, epsilon=epsilon), reviewers)
