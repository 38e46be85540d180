"""The golds of a project with what people made of them."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from annotations.golds.answers import GoldAnswer, list_answers, scored_question
from annotations.golds.scores import judge_golds
from annotations.labels.words import answer_words
from annotations.models import Adjudication, Gold, Guard
from annotations.models.queue import GuardState
from annotations.rubrics.publish import rubric_by_id
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.stats.counted_rates import wilson_rate
from reviewapp.stats.estimate import Estimate
from reviewapp.stats.gold_retirement import GoldFailure


@dataclass(frozen=True, slots=True)
class GoldRow:
    """One gold: its right answer in words, who answered how, and how often trusted people fail it."""

    external_id: str
    expected: str
    added_by: str
    added_at: datetime
    retired_at: datetime | None
    retired_by: str
    retired_reason: str
    right: Estimate
    failure: GoldFailure | None
    most_wrong: str
    skipped: int
    escalated: int


def list_golds(access: Access) -> list[GoldRow]:
    """Return all golds of a project: first those that are live, the most failed ones first."""
    require(access, Action.EDIT_GOLDS)
    project = access.project
    golds = list(
        Gold.objects.select_related("item", "added_by", "retired_by")
        .filter(project=project)
        .order_by("-added_at", "-pk")
    )
    answers = list_answers(project.pk)
    failures = judge_golds(answers, minimum=project.gold_minimum)
    decided = {
        row.item_id: row
        for row in Adjudication.objects.filter(project=project, item__gold__isnull=False, superseded_by=None)
    }
    given: dict[int, list[GoldAnswer]] = defaultdict(list)
    for answer in answers:
        given[answer.gold_id].append(answer)
    turned_down = _turned_down(golds)
    rows = [
        GoldRow(
            external_id=gold.item.external_id,
            expected=_expected(decided.get(gold.item_id)),
            added_by=gold.added_by.username,
            added_at=gold.added_at,
            retired_at=gold.retired_at,
            retired_by=gold.retired_by.username if gold.retired_by else "",
            retired_reason=gold.retired_reason,
            right=wilson_rate(
                sum(answer.correct for answer in given[gold.pk]), len(given[gold.pk]), method="gold_right_wilson"
            ),
            failure=failures.get(gold.pk),
            most_wrong=_most_wrong(given[gold.pk]),
            skipped=turned_down.get((gold.task_id, GuardState.SKIPPED), 0),
            escalated=turned_down.get((gold.task_id, GuardState.ESCALATED), 0),
        )
        for gold in golds
    ]
    return sorted(
        rows, key=lambda row: (row.retired_at is not None, 1.0 if row.right.value is None else row.right.value)
    )


def _expected(decided: Adjudication | None) -> str:
    if decided is None:
        return ""
    question = scored_question(rubric_by_id(decided.rubric_id).questions, decided.answers)
    return "" if question is None else answer_words(question, decided.answers[question["key"]])


def _most_wrong(answers: list[GoldAnswer]) -> str:
    """Return the wrong answer that was given most often, in words."""
    wrong = Counter(answer_words(answer.question, answer.said) for answer in answers if not answer.correct)
    return wrong.most_common(1)[0][0] if wrong else ""


def _turned_down(golds: list[Gold]) -> dict[tuple[int, int], int]:
    counted = (
        Guard.objects.filter(
            task_id__in=[gold.task_id for gold in golds], state__in=[GuardState.SKIPPED, GuardState.ESCALATED]
        )
        .values_list("task_id", "state")
        .annotate(n=Count("task_id"))
    )
    return {(task_id, state): n for task_id, state, n in counted}
