"""Judges over the API: calibration, and the alternative annotator test."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from annotations.api.agreement import Question, Segment
from annotations.api.calibration_bodies import (
    AlternativeOut,
    AnnotatorOut,
    AppliesOut,
    BinOut,
    CalibrationCostOut,
    CalibrationOut,
    CalibrationSegmentOut,
    CeilingOut,
    ConfusionOut,
    CorrectedOut,
    ErrorOut,
    JudgementOut,
    RecalibrationOut,
)
from annotations.api.estimates import EstimateOut
from annotations.api.watch_bodies import AnchorsOut, BandOut, FlagOut, WatchOut
from annotations.judges.alternative import run_alternative_test
from annotations.judges.anchors import compare_anchors, list_anchors
from annotations.judges.calibration import Calibration, Costs, get_calibration
from annotations.judges.confusion import PartCalibration
from annotations.judges.pairs import get_judge_version
from annotations.judges.scores import ScoreFigures
from annotations.judges.watch import read_watch
from annotations.quality.asked import Window
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.stats.judge_description import JudgeDescription
from sampling.api.items import From, To, Where, read_filter

router = Router(tags=["Judges"])


Cost = Annotated[float, Query(ge=0, le=1e9, allow_inf_nan=False)]


@router.get(
    "/{p}/judges/{path:j}/versions/{path:v}/calibration", response=CalibrationOut, summary="Calibration of a judge"
)
def get_calibration_figures(
    request: HttpRequest,
    p: str,
    j: str,
    v: str,
    question: Question = None,
    split: Literal["train", "dev", "test"] | None = None,
    where: Where = None,
    segment: Segment = None,
    start: From = None,
    to: To = None,
    cost_false_pass: Cost = 1.0,
    cost_false_fail: Cost = 1.0,
) -> CalibrationOut:
    """Compare a judge version with the answers of record; a look at the test split is counted."""
    access = authorize(actor_of(request), p, Action.SEE_JUDGES)
    window = Window(access.project.pk, start=start, end=to, where=read_filter(where), segment=segment)
    found = get_calibration(
        access,
        window,
        judge=j,
        version=v,
        question=question,
        split=split,
        now=timezone.now(),
        costs=Costs(cost_false_pass, cost_false_fail),
    )
    return _shown(found)


def _shown(found: Calibration) -> CalibrationOut:
    scores, corrected, ceiling, said = found.scores, found.corrected, found.ceiling, found.judgement
    return CalibrationOut(
        **_figures(found.description),
        question=found.question,
        n=found.n,
        weighted=found.weighted,
        confusion=ConfusionOut.of(found.confusion),
        cost=CalibrationCostOut(
            false_pass=found.costs.false_pass,
            false_fail=found.costs.false_fail,
            per_item=EstimateOut.of(found.cost),
        ),
        brier=None if scores is None else EstimateOut.of(scores.brier),
        reliability=[] if scores is None else _bins(scores),
        calibration_error=None
        if scores is None
        else ErrorOut(value=scores.error.value, null_mean=scores.error.null_mean, null_95=scores.error.null_95),
        recalibration=None if scores is None else _recalibration(scores),
        corrected=CorrectedOut(
            post_stratified=EstimateOut.of(corrected.post_stratified),
            rogan_gladen=EstimateOut.of(corrected.rogan_gladen),
            ppi=EstimateOut.of(corrected.ppi),
            judge_only=EstimateOut.of(corrected.judge_only),
            labels_only=EstimateOut.of(corrected.labels_only),
            applies=AppliesOut(rate=corrected.applies.rate, design=corrected.applies.design, why=corrected.applies.why),
        ),
        ceiling=CeilingOut(
            human_human=EstimateOut.of(ceiling.human_human),
            judge_human=EstimateOut.of(ceiling.ai_human),
            difference=EstimateOut.of(ceiling.difference),
            margin=ceiling.margin,
            non_inferior=ceiling.non_inferior,
        ),
        by_segment=_parts(found.segments),
        by_rubric_version=_parts(found.rubric_versions),
        by_week=_parts(found.weeks),
        looks=found.looks,
        fooled_rate=found.fooled_rate,
        label_worth=found.label_worth,
        effective_labels=found.effective_labels,
        judgement=JudgementOut(state=said.state, usable_for=said.usable_for, error=said.error, change=said.change),
        flag=found.flag,
        sentence=said.sentence,
        warnings=list(found.warnings),
    )


def _bins(scores: ScoreFigures) -> list[BinOut]:
    return [
        BinOut(
            mean_score=each.mean_score,
            observed=EstimateOut.of(each.observed),
            null_low=each.null_low,
            null_high=each.null_high,
        )
        for each in scores.reliability
    ]


def _recalibration(scores: ScoreFigures) -> RecalibrationOut:
    found = scores.recalibration
    return RecalibrationOut(
        accepted=found.accepted,
        gain=EstimateOut.of(found.gain),
        slope=EstimateOut.of(found.line.slope),
        intercept=EstimateOut.of(found.line.intercept),
        platt_slope=found.platt.slope.value,
        platt_intercept=found.platt.intercept.value,
    )


def _parts(parts: list[PartCalibration]) -> list[CalibrationSegmentOut]:
    return [
        CalibrationSegmentOut(
            value=each.value, n=each.n, confusion=ConfusionOut.of(each.confusion), **_figures(each.description)
        )
        for each in parts
    ]


@router.get("/{p}/judges/{path:j}/versions/{path:v}/watch", response=WatchOut, summary="Whether a judge moved")
def get_judge_watch(request: HttpRequest, p: str, j: str, v: str, question: Question = None) -> WatchOut:
    """Return how a version's errors on the uniform share stand to their band, its flags, and the anchors."""
    access = authorize(actor_of(request), p, Action.SEE_RESOLUTIONS)
    version = get_judge_version(access.project, judge=j, version=v)
    watch = read_watch(version, question=question)
    anchored = compare_anchors(version, question=watch.question)
    return WatchOut(
        question=watch.question,
        state=watch.state,
        n=watch.n,
        e_value=watch.e_value,
        bands=[
            BandOut(
                name=each.name,
                n_first=each.n_first,
                errors_first=each.errors_first,
                edge=each.edge,
                n_since=each.n_since,
                errors_since=each.errors_since,
                e_value=each.e_value,
            )
            for each in watch.bands
        ],
        flags=[
            FlagOut(
                reason=each.reason,
                raised_at=each.raised_at,
                over_at=each.over_at,
                over_by=each.over_by.username if each.over_by else None,
                over_reason=each.over_reason,
            )
            for each in watch.history
        ],
        anchors=AnchorsOut(
            moved=anchored.moved,
            n=anchored.n,
            n_again=anchored.n_again,
            to_wrong=anchored.to_wrong,
            to_right=anchored.to_right,
            sentence=anchored.sentence,
            external_ids=list_anchors(access.project.pk, watch.question),
        ),
    )


@router.get(
    "/{p}/judges/{path:j}/versions/{path:v}/alternative-test",
    response=AlternativeOut,
    summary="Alternative annotator test",
)
def get_alternative_test(
    request: HttpRequest,
    p: str,
    j: str,
    v: str,
    question: Question = None,
    epsilon: Annotated[float, Query(ge=0, lt=1)] = 0.1,
    where: Where = None,
    start: From = None,
    to: To = None,
) -> AlternativeOut:
    """Test whether a judge version can stand in for a reviewer (Calderon, Reichart & Dror 2025)."""
    access = authorize(actor_of(request), p, Action.SEE_JUDGES)
    window = Window(access.project.pk, start=start, end=to, where=read_filter(where))
    result, reviewers = run_alternative_test(access, window, judge=j, version=v, question=question, epsilon=epsilon)
    return AlternativeOut(
        omega=result.omega,
        rho=result.rho,
        passed=result.passed,
        epsilon=result.epsilon,
        undefined=result.undefined,
        annotators=[
            AnnotatorOut(
                reviewer=reviewers[each.annotator],
                n=each.n,
                advantage=each.ai_advantage,
                p_value=each.p_value,
                rejected=each.rejected,
            )
            for each in result.annotators
        ],
        warnings=list(result.warnings),
    )


def _figures(found: JudgeDescription) -> dict[str, Any]:
    return {
        "tpr": EstimateOut.of(found.tpr),
        "tnr": EstimateOut.of(found.tnr),
        "ppv": EstimateOut.of(found.ppv),
        "npv": EstimateOut.of(found.npv),
        "accuracy": EstimateOut.of(found.accuracy),
        "balanced_accuracy": EstimateOut.of(found.balanced_accuracy),
        "cohen_kappa": EstimateOut.of(found.cohen_kappa),
        "gwet_ac": EstimateOut.of(found.gwet_ac1),
        "mcc": EstimateOut.of(found.mcc),
    }
