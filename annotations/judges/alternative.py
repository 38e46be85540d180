"""The alternative annotator test of a judge version: can it stand in for one of the people?"""

from typing import NamedTuple

from annotations.judges.pairs import get_judge_version, read_pairs
from annotations.judges.people import opinions_of
from annotations.quality.asked import Window, get_question
from reviewapp.accounts.access import Access
from reviewapp.stats.signoff.alternative_test import AlternativeTest, alternative_annotator_test


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
    said = opinions_of(asked, read_pairs(window, asked, found, salt=project.sampling_salt, split=None))
    return Tested(alternative_annotator_test(said.people, said.judge, epsilon=epsilon), said.names)
