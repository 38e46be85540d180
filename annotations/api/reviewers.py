"""Reviewers over the API."""

from datetime import datetime
from typing import Annotated, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from annotations.api.agreement import Question
from annotations.api.estimates import EstimateOut
from annotations.reviewers.report import Reviewer, get_reviewers
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.times import AskedTime
from sampling.api.items import Where, read_filter

router = Router(tags=["Numbers"])

From = Annotated[AskedTime | None, Query(alias="from", description="Labels from this time on.")]
To = Annotated[AskedTime | None, Query(description="Labels before this time.")]


class WeekOut(Schema):
    """One week, from Monday (UTC)."""

    start: datetime
    n_labels: int
    median_seconds: float | None
    agreement: EstimateOut


class SignalOut(Schema):
    """A signal to look at somebody's work: no evidence, and nothing follows by itself."""

    kind: Literal["quick", "same_answer", "tells_nothing_apart"]
    value: float
    usual: float
    n: int


class ReviewerOut(Schema):
    """One person's work."""

    reviewer: str
    n_labels: int
    n_timed: int
    active_seconds: float
    median_seconds: float | None
    last_at: datetime
    gold_accuracy: EstimateOut | None = Field(
        description="Shrunk posterior mean with a 90 % interval; null without golds."
    )
    n_golds: int
    n_golds_right: int
    probability_below_minimum: float | None
    agreement: EstimateOut = Field(
        description="With the answers of record: the adjudicator's, else what most others say of the item."
    )
    by_class: dict[str, EstimateOut]
    informedness: EstimateOut | None
    changed_after_reveal: EstimateOut
    weeks: list[WeekOut]
    signals: list[SignalOut]
    pause: Literal["", "asked", "confirmed"]

    @classmethod
    def of(cls, row: Reviewer) -> "ReviewerOut":
        """Return what is told of a person."""
        gold = row.gold
        return cls.model_validate(
            {
                "reviewer": row.name,
                "n_labels": row.labels,
                "n_timed": row.timed,
                "active_seconds": row.active_seconds,
                "median_seconds": row.median_seconds,
                "last_at": row.last_at,
                "gold_accuracy": None if gold is None else EstimateOut.of(gold.accuracy),
                "n_golds": 0 if gold is None else gold.golds,
                "n_golds_right": 0 if gold is None else gold.correct,
                "probability_below_minimum": None if gold is None else gold.probability_below,
                "agreement": EstimateOut.of(row.agreement),
                "by_class": {value: EstimateOut.of(rate) for value, rate in row.by_class.items()},
                "informedness": None if row.informedness is None else EstimateOut.of(row.informedness),
                "changed_after_reveal": EstimateOut.of(row.changed_after_reveal),
                "weeks": [
                    WeekOut(
                        start=week.start,
                        n_labels=week.labels,
                        median_seconds=week.median_seconds,
                        agreement=EstimateOut.of(week.agreement),
                    )
                    for week in row.weeks
                ],
                "signals": [
                    SignalOut(kind=each.kind, value=each.value, usual=each.usual, n=each.n) for each in row.signals
                ],
                "pause": row.pause,
            }
        )


class ReviewersOut(Schema):
    """Everybody whom you may see."""

    question: str
    start: datetime = Field(description="Labels from this time on.")
    until: datetime = Field(description="Labels before this time; your own row ends at midnight UTC.")
    is_complete: bool = Field(description="Whether all labels of the time were looked at, or the newest 200,000.")
    results: list[ReviewerOut]


@router.get("/{p}/reviewers", response=ReviewersOut, summary="Reviewers")
def get_reviewers_figures(
    request: HttpRequest, p: str, question: Question = None, where: Where = None, start: From = None, to: To = None
) -> ReviewersOut:
    """Return how each reviewer works; a reviewer sees only their own row, as it was at midnight."""
    access = authorize(actor_of(request), p, Action.SEE_OWN_LABELS)
    report = get_reviewers(access, now=timezone.now(), question=question, start=start, end=to, where=read_filter(where))
    return ReviewersOut(
        question=report.question["key"],
        start=report.start,
        until=report.until,
        is_complete=report.is_complete,
        results=[ReviewerOut.of(row) for row in report.reviewers],
    )
