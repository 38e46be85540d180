"""Agreement that is kept: where there are many labels, figures are computed in the background when labels change.

A project with few labels is always computed anew, so it is never behind. Of a large one, each question and view that
somebody looked at within a week is kept, with the time that it speaks of; other times and filters are computed on
demand.

What was computed from is told by the newest label, the newest withdrawal and the newest rubric: everything that changes
a label adds one or withdraws one. Ids are given before their transactions end, so an import asks for its figures itself
when it is through, and every figure is computed again after a day.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from pydantic import TypeAdapter

from annotations.models import AgreementFigure
from annotations.quality.agreement import AgreementReport, get_agreement
from annotations.quality.asked import Window, get_question
from annotations.rubrics.publish import find_rubric
from reviewapp.http.errors import InvalidError, RefusalError
from reviewapp.jobs.intents import add_intent
from reviewapp.stats.agreement.coincidences import Level
from sampling.plans.filters import EVERYTHING

KIND = "count_agreement"
# Up to so many labels a project's figures take no time to speak of.
FEW_LABELS = 5_000
KEPT = timedelta(days=7)
MAX_KEPT = 100
# A figure is computed at most for this part of the time, however often labels change.
BUSY = 0.1

_STATE = """
SELECT
    COALESCE((SELECT max(id) FROM annotations_label WHERE project_id = %(project)s), 0),
    (SELECT max(withdrawn_at) FROM annotations_label WHERE project_id = %(project)s AND withdrawn_at IS NOT NULL),
    COALESCE((SELECT max(id) FROM annotations_rubricversion WHERE project_id = %(project)s), 0)
"""
_HAS_MORE = "SELECT count(*) > %s FROM (SELECT FROM annotations_label WHERE project_id = %s LIMIT %s) l"
_BEHIND = """
SELECT f.id, f.computed_at, f.seconds FROM annotations_agreementfigure f
WHERE f.asked_at > %(since)s AND (
    f.computed_at IS NULL OR f.computed_at < %(day)s
    OR f.last_label <> COALESCE((SELECT max(l.id) FROM annotations_label l WHERE l.project_id = f.project_id), 0)
    OR f.last_withdrawal IS DISTINCT FROM (SELECT max(l.withdrawn_at) FROM annotations_label l
                                           WHERE l.project_id = f.project_id AND l.withdrawn_at IS NOT NULL)
    OR f.rubric_id <> (SELECT max(r.id) FROM annotations_rubricversion r WHERE r.project_id = f.project_id))
"""
_REPORT = TypeAdapter(AgreementReport)


@dataclass(frozen=True, slots=True)
class KeptAgreement:
    """Agreement as of a time; the report is None while it is being computed for the first time."""

    report: AgreementReport | None
    as_of: datetime

    @property
    def waited(self) -> AgreementReport:
        """The report, for a caller that may wait for it."""
        assert self.report is not None  # noqa: S101 — it is computed on the spot then
        return self.report


def read_agreement(
    window: Window,
    *,
    question: str | None = None,
    level: Level | None = None,
    weighted: bool = False,
    now: datetime,
    may_wait: bool = True,
) -> KeptAgreement:
    """Return agreement on a question: kept, where there are many labels, else as of now.

    Where nothing is kept yet it is computed on the spot, or, unless the caller `may_wait`, asked for. Raises
    InvalidError for a question, level or segment that does not fit.
    """
    view = window.start is None and window.end is None and window.where == EVERYTHING and level is None
    if not view or not has_many_labels(window.project_id):
        report = get_agreement(window, question=question, level=level, weighted=weighted)
        return KeptAgreement(report, now)
    key = get_question(window.project_id, question)["key"]
    if window.segment is not None:
        window.condition()
    figure = _ask(window, key, weighted=weighted, now=now)
    if figure.report is not None and figure.computed_at is not None:
        return KeptAgreement(_REPORT.validate_python(figure.report), figure.computed_at)
    if figure.problem and not may_wait:
        raise InvalidError(figure.problem)
    if may_wait:
        return KeptAgreement(get_agreement(window, question=question, weighted=weighted), now)
    return KeptAgreement(None, now)


def has_many_labels(project_id: int) -> bool:
    """Tell whether a project has so many labels that its figures are kept."""
    return has_more_labels_than(project_id, FEW_LABELS)


def has_more_labels_than(project_id: int, n: int) -> bool:
    """Tell whether a project has more than n labels, from at most n + 1 of them."""
    with connection.cursor() as cursor:
        cursor.execute(_HAS_MORE, [n, project_id, n + 1])
        return bool(cursor.fetchone()[0])


def ask_for_agreement(project_id: int, *, now: datetime) -> None:
    """Ask for a large project's figures after its labels changed: those that are kept, and each question's own."""
    rubric = find_rubric(project_id)
    if rubric is None or not has_many_labels(project_id):
        return
    with transaction.atomic():
        for question in rubric.questions:
            if question["kind"] != "text":
                _ask(Window(project_id), question["key"], weighted=False, now=now)
        for figure in AgreementFigure.objects.filter(project_id=project_id, asked_at__gt=now - KEPT):
            _plan(figure.pk, figure.computed_at, figure.seconds, now)


def plan_agreement(now: datetime) -> int:
    """Step of the sweep: ask for the figures whose labels have changed; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_BEHIND, {"since": now - KEPT, "day": now - timedelta(days=1)})
        behind = cursor.fetchall()
    for figure_id, computed_at, seconds in behind:
        with transaction.atomic():
            _plan(figure_id, computed_at, seconds, now)
    AgreementFigure.objects.filter(asked_at__lt=now - KEPT).delete()
    return len(behind)


def count_agreement(payload: dict[str, Any], now: datetime) -> None:
    """Job `count_agreement`: compute one kept figure anew."""
    figure = AgreementFigure.objects.filter(pk=payload["figure_id"]).first()
    if figure is None:
        return
    # Read first: what changes meanwhile makes the figure old, and it is computed again.
    state = _state(figure.project_id)
    begun = time.monotonic()
    try:
        report = get_agreement(
            Window(figure.project_id, segment=figure.segment or None),
            question=figure.question,
            weighted=figure.weighted,
        )
    except RefusalError as refusal:
        figure.report, figure.problem = None, refusal.message
    else:
        figure.report, figure.problem = _REPORT.dump_python(report, mode="json"), ""
    figure.last_label, figure.last_withdrawal, figure.rubric_id = state
    figure.computed_at, figure.seconds = now, time.monotonic() - begun
    figure.save()


def forget_agreement(project_id: int, item_ids: list[int], now: datetime) -> dict[str, int]:  # noqa: ARG001 — the seam's
    """Forget a project's kept figures where items are erased: they may quote what was written about one."""
    return {"agreement_figures": AgreementFigure.objects.filter(project_id=project_id).delete()[0] if item_ids else 0}


def _ask(window: Window, question: str, *, weighted: bool, now: datetime) -> AgreementFigure:
    """Return the figure that is kept for this view, and keep it from now on."""
    figure, made = AgreementFigure.objects.get_or_create(
        project_id=window.project_id,
        question=question,
        weighted=weighted,
        segment=window.segment or "",
        defaults={"asked_at": now},
    )
    if made:
        with transaction.atomic():
            _plan(figure.pk, None, 0, now)
        kept = AgreementFigure.objects.filter(project_id=window.project_id).order_by("-asked_at", "-pk")
        AgreementFigure.objects.filter(pk__in=list(kept.values_list("pk", flat=True)[MAX_KEPT:])).delete()
    elif figure.asked_at < now - timedelta(hours=1):
        AgreementFigure.objects.filter(pk=figure.pk).update(asked_at=now)
    return figure


def _plan(figure_id: int, computed_at: datetime | None, seconds: float, now: datetime) -> None:
    """Ask for a figure, unless it was computed so lately that it would take all the time there is."""
    rest = now if computed_at is None else computed_at + timedelta(seconds=seconds / BUSY)
    add_intent(kind=KIND, key=str(figure_id), payload={"figure_id": figure_id}, run_after=max(now, rest), now=now)


def _state(project_id: int) -> tuple[int, datetime | None, int]:
    with connection.cursor() as cursor:
        cursor.execute(_STATE, {"project": project_id})
        return cursor.fetchone()  # type: ignore[no-any-return]
