"""What a reviewer is told of golds: nothing, each at once, or all of them the day after, as the project says.

What was told ends undo: an answer taken back after that would be no answer of one's own.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from annotations.golds.answers import GoldAnswer, list_answers, scored_question
from annotations.labels.combine import same_answer
from annotations.labels.words import answer_words
from annotations.models import Adjudication, Label
from annotations.models.labels import LabelSource
from annotations.rubrics.publish import rubric_by_id
from reviewapp.accounts.access import Access
from reviewapp.accounts.models import GoldFeedback, Project

SHOWN = 100


class Feedback(NamedTuple):
    """How an answer was, in words."""

    correct: bool
    question: str
    answer: str
    expected: str
    note: str


class Told(NamedTuple):
    """One gold of the days before, as its reviewer is told."""

    external_id: str
    at: datetime
    feedback: Feedback


def midnight(now: datetime) -> datetime:
    """Return the beginning of the day (UTC); what a person did before it is told by day."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def tell_at_once(project: Project, *, item_id: int, answers: Mapping[str, Any]) -> Feedback | None:
    """Return what the reviewer of a gold is told with the answer to their submit; None where the project does not."""
    if project.gold_feedback != GoldFeedback.AFTER_EACH:
        return None
    decided = Adjudication.objects.get(item_id=item_id, superseded_by=None)
    question = scored_question(rubric_by_id(decided.rubric_id).questions, decided.answers)
    if question is None:
        return None
    key = question["key"]
    return _feedback(question, answers.get(key), decided.answers[key], decided.note)


def list_told(access: Access, *, now: datetime) -> list[Told]:
    """Return the person's own golds that they may know of by now, newest first."""
    policy = access.project.gold_feedback
    if policy == GoldFeedback.NONE:
        return []
    until = midnight(now) if policy == GoldFeedback.DAILY else None
    answers = list_answers(access.project.pk, until=until, reviewer_id=access.actor.user.pk)
    return [Told(each.external_id, each.at, of_answer(each)) for each in answers[: -SHOWN - 1 : -1]]


def of_answer(answer: GoldAnswer) -> Feedback:
    """Return a stored answer to a gold in words."""
    return _feedback(answer.question, answer.said, answer.expected, answer.note)


def was_told(label: Label, *, now: datetime) -> bool:
    """Tell whether its reviewer knows by now how this label was."""
    if label.source != LabelSource.GOLD:
        return False
    policy = label.project.gold_feedback
    return policy == GoldFeedback.AFTER_EACH or (policy == GoldFeedback.DAILY and label.created_at < midnight(now))


def _feedback(question: Mapping[str, Any], said: Any, expected: Any, note: str) -> Feedback:
    return Feedback(
        correct=said is not None and same_answer(question, said, expected),
        question=question["title"],
        answer=answer_words(question, said),
        expected=answer_words(question, expected),
        note=note,
    )
