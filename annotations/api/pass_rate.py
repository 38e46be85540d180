"""The pass rate over the API."""

from datetime import datetime
from typing import Annotated, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from annotations.api.agreement import Question, Segment
from annotations.api.estimates import EstimateOut
from annotations.estimates.cached import Dated, find_pass_rate
from annotations.estimates.compare import Comparison
from annotations.estimates.pass_rate import Design
from annotations.quality.asked import Window
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from sampling.api.items import From, To, Where, read_filter

router = Router(tags=["Numbers"])


class WorstCaseOut(Schema):
    """The estimate if every open task were a fail, and if every one were a pass."""

    all_fail: EstimateOut
    all_pass: EstimateOut


class DesignOut(Schema):
    """How the labels came about."""

    n_traffic: int
    n_drawn: int
    n_labelled: int = Field(description="Drawn items whose labels settle the question.")
    n_unresolved: int = Field(description="Drawn items whose labels do not: they wait for adjudication.")
    response_rate: float | None
    weight_share_top5: float | None
    covered_share: float | None = Field(description="Share of the traffic in cells of which something was labelled.")
    uncovered: list[str] = Field(description="Cells (verdict and hour) of which nothing was labelled.")
    worst_case: WorstCaseOut | None = Field(description="Given below 90 % response, and with unresolved items.")
    precision: float = Field(description="Half of an interval: two points, or as much of a rating's scale.")
    more_labels: int | None = Field(description="Labels still needed, like those there are, until ± precision.")


class SegmentRateOut(Schema):
    """One segment; its value is null where the fact is not known."""

    value: str | None
    n_traffic: int
    estimate: EstimateOut
    shrunken: EstimateOut = Field(description="Pulled towards the other segments, and marked as such.")
    so_far: EstimateOut = Field(description="With a band that holds however often one looks.")


class AnswerShareOut(Schema):
    """How often an option is the answer."""

    value: str
    estimate: EstimateOut


class PassRateDayOut(Schema):
    """A day or week (UTC), the rate from the first to its end with a band that holds on all at once, and its own."""

    day: str
    n_traffic: int
    n_labelled: int
    so_far: EstimateOut
    own: EstimateOut


class ComparisonOut(Schema):
    """Two parts of the traffic: their rates, the difference (first minus second), and that in a sentence."""

    field: str
    a: str
    b: str
    rate_a: EstimateOut
    rate_b: EstimateOut
    difference: EstimateOut
    sentence: str


class PassRateOut(Schema):
    """The pass rate, beside what labels alone, the judge alone and the bare pile of labels would have said."""

    as_of: datetime = Field(
        description="When it was computed: now; from 20,000 items on up to a minute ago; from 200,000 on up to an hour"
        " ago, and then the next one is being computed."
    )
    question: str
    figure: Literal["pass_rate", "mean", "shares"] = Field(
        description="`mean` for ratings without a pass, whose scale is given; `shares` for choices without one."
    )
    scale: tuple[float, float]
    judge: str | None
    judge_version: str | None
    estimate: EstimateOut
    labels_only: EstimateOut
    judge_only: EstimateOut
    unweighted: EstimateOut
    comparison: ComparisonOut | None
    design: DesignOut
    shares: list[AnswerShareOut]
    segments: list[SegmentRateOut]
    series: list[PassRateDayOut]


@router.get("/{p}/pass-rate", response=PassRateOut, summary="Pass rate of production")
def get_pass_rate_figures(
    request: HttpRequest,
    p: str,
    question: Question = None,
    judge: Annotated[str | None, Query(description="Whose verdicts to use; those of most items unless named.")] = None,
    judge_version: str | None = None,
    population: Literal["window", "process"] = "window",
    compare: Annotated[str | None, Query(description="Two parts of the traffic: system_version:a,b.")] = None,
    by: Annotated[Literal["day", "week"], Query(description="Periods of the series.")] = "day",
    where: Where = None,
    segment: Segment = None,
    start: From = None,
    to: To = None,
) -> PassRateOut:
    """Return the pass rate of the traffic that arrived, weighted by how likely each item was drawn."""
    access = authorize(actor_of(request), p, Action.SEE_RESOLUTIONS)
    window = Window(access.project.pk, start=start, end=to, where=read_filter(where), segment=segment)
    found = find_pass_rate(
        window,
        now=timezone.now(),
        question=question,
        judge=judge,
        judge_version=judge_version,
        population=population,
        compare=compare,
        by=by,
    )
    return _shown(found)


def _shown(dated: Dated) -> PassRateOut:
    found = dated.rate
    return PassRateOut(
        as_of=dated.as_of,
        question=found.question,
        figure=found.figure,
        scale=found.scale,
        judge=found.judge,
        judge_version=found.judge_version,
        estimate=EstimateOut.of(found.estimate),
        labels_only=EstimateOut.of(found.labels_only),
        judge_only=EstimateOut.of(found.judge_only),
        unweighted=EstimateOut.of(found.unweighted),
        comparison=None if found.comparison is None else _comparison(found.comparison),
        design=_design(found.design),
        shares=[AnswerShareOut(value=each.value, estimate=EstimateOut.of(each.estimate)) for each in found.shares],
        segments=[
            SegmentRateOut(
                value=each.value,
                n_traffic=each.n_traffic,
                estimate=EstimateOut.of(each.estimate),
                shrunken=EstimateOut.of(each.shrunken),
                so_far=EstimateOut.of(each.so_far),
            )
            for each in found.segments
        ],
        series=[
            PassRateDayOut(
                day=each.day,
                n_traffic=each.n_traffic,
                n_labelled=each.n_labelled,
                so_far=EstimateOut.of(each.so_far),
                own=EstimateOut.of(each.own),
            )
            for each in found.series
        ],
    )


def _comparison(found: Comparison) -> ComparisonOut:
    return ComparisonOut(
        field=found.field,
        a=found.a,
        b=found.b,
        rate_a=EstimateOut.of(found.rate_a),
        rate_b=EstimateOut.of(found.rate_b),
        difference=EstimateOut.of(found.difference),
        sentence=found.sentence,
    )


def _design(found: Design) -> DesignOut:
    worst = found.worst_case
    return DesignOut(
        n_traffic=found.n_traffic,
        n_drawn=found.n_drawn,
        n_labelled=found.n_labelled,
        n_unresolved=found.n_unresolved,
        response_rate=found.response_rate,
        weight_share_top5=found.weight_share_top5,
        covered_share=found.covered_share,
        uncovered=list(found.uncovered),
        precision=found.precision,
        more_labels=found.more_labels,
        worst_case=None
        if worst is None
        else WorstCaseOut(all_fail=EstimateOut.of(worst.all_fail), all_pass=EstimateOut.of(worst.all_pass)),
    )
