"""Shadow mode over the API."""

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from annotations.api.agreement import Segment
from annotations.api.estimates import EstimateOut
from annotations.quality.asked import Window
from annotations.shadow.pairs import Source
from annotations.shadow.view import ShadowView, get_shadow
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from sampling.api.items import From, To, Where, read_filter

router = Router(tags=["Shadow"])


class SourceOut(Schema):
    """Where people's decisions come from: a feed of the manual process, or a question of our own queue."""

    kind: str
    name: str
    coverage: str = Field(description="all, probability or unknown of a feed; drawn of a question.")


class ShadowMatrixOut(Schema):
    """Pairs by decision: rows people's, columns the AI's, both in the order of `labels`."""

    labels: list[str]
    counts: list[list[int]]
    costs: list[list[float]]


class ShadowCostOut(Schema):
    """Expected cost of 1,000 items: the AI's, and one person's where another person's decision is taken as right."""

    per_1000: float | None
    human_per_1000: float | None
    n_human_pairs: int
    undefined: str | None


class SequenceOut(Schema):
    """The evidence against the bar, valid however often one looks, from pairs chosen with equal chances."""

    low: float | None
    high: float | None
    value: float | None
    e_value: float | None
    state: str
    bar: float
    n: int
    undefined: str | None


class ShadowCeilingOut(Schema):
    """How well people agree with each other, and the AI with them, on items that several people decided."""

    human_human: EstimateOut
    ai_human: EstimateOut
    difference: EstimateOut
    margin: float
    non_inferior: bool


class ShadowSegmentOut(Schema):
    """One segment; `worse` says that it disagrees more than the rest, the number of segments allowed for."""

    value: str | None
    n: int
    agreement: EstimateOut
    state: str
    p_value: float | None
    worse: bool


class ShadowDayOut(Schema):
    """A day (UTC) and the sequence up to its end."""

    day: str
    n: int
    n_same: int
    so_far: EstimateOut


class RiskOut(Schema):
    """Were the AI to decide alone from this confidence on: the share, its error, and the error's upper limit."""

    share: float
    confidence: float
    n: int
    error: float
    at_most: float


class ShadowDisagreementOut(Schema):
    """One item on which they differ."""

    external_id: str
    human: str
    ai: str
    cost: float
    confidence: float | None
    at: datetime
    segment: str | None


class LeftOutOut(Schema):
    """What is not in the figures, and why."""

    assisted: int = Field(description="The person had seen the AI's decision.")
    waiting_for_item: int
    without_ai_decision: int
    chosen_by_hand: int
    open: int = Field(description="People differ, and nobody has settled it yet.")
    masked: int = Field(description="A decision holds something masked, which nobody can compare.")
    contradicted: int = Field(description="Of the pairs: the process decided differently before.")


class RulingsOut(Schema):
    """Who was right where they differ, found without knowing whose answer was whose."""

    n_disagreements: int
    n_ruled: int
    counts: dict[str, int]
    ai_error: EstimateOut
    human_error: EstimateOut
    difference: EstimateOut | None = Field(description="AI's rate of being right minus people's (Tango).")
    non_inferior: bool | None


class ShadowOut(Schema):
    """The AI's decisions beside people's."""

    system_version: str | None
    source: SourceOut | None
    sources: list[SourceOut]
    rule_version: int
    n_pairs: int
    decided_share: float | None = Field(description="Pairs among the items on which the AI decided.")
    matrix: ShadowMatrixOut
    agreement: EstimateOut
    cost: ShadowCostOut
    sequence: SequenceOut
    ceiling: ShadowCeilingOut
    segments: list[ShadowSegmentOut]
    series: list[ShadowDayOut]
    risk_coverage: list[RiskOut]
    n_disagreements: int
    disagreements: list[ShadowDisagreementOut]
    left_out: LeftOutOut
    who_was_right: RulingsOut
    median_ai_latency_ms: float | None
    median_ai_cost_usd: float | None
    median_human_ms: float | None
    undefined: str | None


@router.get("/{p}/shadow", response=ShadowOut, summary="The AI's decisions beside people's")
def get_shadow_view(
    request: HttpRequest,
    p: str,
    system_version: Annotated[str | None, Query(description="Whose decisions; of all versions unless named.")] = None,
    question: Annotated[str | None, Query(description="Compare with the labels of this question.")] = None,
    feed: Annotated[str | None, Query(description="Compare with this feed; that of most pairs unless named.")] = None,
    where: Where = None,
    segment: Segment = None,
    start: From = None,
    to: To = None,
) -> ShadowOut:
    """Return how the AI's decisions compare with those of the manual process, or of blind reviewers; never pooled."""
    access = authorize(actor_of(request), p, Action.SEE_RESOLUTIONS)
    window = Window(access.project.pk, start=start, end=to, where=read_filter(where), segment=segment)
    return _shown(get_shadow(access.project, window, system_version=system_version, feed=feed, question=question))


def _shown(view: ShadowView) -> ShadowOut:
    pairs, rule, evidence, ruled = view.pairs, view.rule, view.evidence, view.rulings
    decided = pairs.decided if pairs else []
    sequence = evidence.view.sequence
    ceiling = view.ceiling
    better = ruled.non_inferiority
    return ShadowOut(
        system_version=view.system_version,
        source=_source(view.source) if view.source else None,
        sources=[_source(each) for each in view.sources],
        rule_version=rule.version,
        n_pairs=len(decided),
        decided_share=len(decided) / pairs.n_decidable if pairs and pairs.n_decidable else None,
        matrix=ShadowMatrixOut(labels=view.matrix.labels, counts=view.matrix.counts, costs=view.matrix.costs),
        agreement=EstimateOut.of(view.agreement),
        cost=ShadowCostOut(**view.cost._asdict()),
        sequence=SequenceOut(
            low=sequence.low,
            high=sequence.high,
            value=sequence.value,
            e_value=evidence.view.e_value_above if evidence.n else None,
            state=evidence.view.state,
            bar=rule.spec.bar,
            n=evidence.n,
            undefined=evidence.undefined,
        ),
        ceiling=ShadowCeilingOut(
            human_human=EstimateOut.of(ceiling.human_human),
            ai_human=EstimateOut.of(ceiling.ai_human),
            difference=EstimateOut.of(ceiling.difference),
            margin=ceiling.margin,
            non_inferior=ceiling.non_inferior,
        ),
        segments=[
            ShadowSegmentOut(
                value=each.value,
                n=each.n,
                agreement=EstimateOut.of(each.agreement),
                state=each.sequence.state,
                p_value=each.p_value,
                worse=each.worse,
            )
            for each in view.segments
        ],
        series=[
            ShadowDayOut(day=each.day, n=each.n, n_same=each.n_same, so_far=EstimateOut.of(each.so_far))
            for each in view.series
        ],
        risk_coverage=[RiskOut(**each._asdict()) for each in view.risk],
        n_disagreements=view.n_disagreements,
        disagreements=[
            ShadowDisagreementOut(
                external_id=row.external_id,
                human=row.human or "",
                ai=row.ai,
                cost=rule.cost(row.human or "", row.ai),
                confidence=row.confidence,
                at=row.at,
                segment=row.segment,
            )
            for row in view.disagreements
        ],
        left_out=LeftOutOut(
            assisted=pairs.n_assisted if pairs else 0,
            waiting_for_item=pairs.n_waiting if pairs else 0,
            without_ai_decision=pairs.n_without_ai if pairs else 0,
            chosen_by_hand=pairs.n_chosen_by_hand if pairs else 0,
            open=pairs.n_open if pairs else 0,
            masked=pairs.n_masked if pairs else 0,
            contradicted=pairs.n_contradicted if pairs else 0,
        ),
        who_was_right=RulingsOut(
            n_disagreements=ruled.n_disagreements,
            n_ruled=ruled.n_ruled,
            counts=ruled.counts,
            ai_error=EstimateOut.of(ruled.ai_error),
            human_error=EstimateOut.of(ruled.human_error),
            difference=EstimateOut.of(better.difference) if better else None,
            non_inferior=better.certified if better else None,
        ),
        median_ai_latency_ms=view.effort.ai_latency_ms,
        median_ai_cost_usd=view.effort.ai_cost_usd,
        median_human_ms=view.effort.human_ms,
        undefined=view.why_empty or None,
    )


def _source(source: Source) -> SourceOut:
    return SourceOut(kind=source.kind, name=source.name, coverage=source.coverage)
