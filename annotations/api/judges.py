"""Judges over the API: calibration, and the alternative annotator test."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from annotations.api.agreement import From, Question, Segment, To
from annotations.api.estimates import EstimateOut
from annotations.judges.alternative import run_alternative_test
from annotations.judges.calibration import Confusion, get_calibration
from annotations.quality.asked import Window
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.stats.judge_description import JudgeDescription
from sampling.api.items import Where, read_filter

router = Router(tags=["Judges"])


class MatrixOut(Schema):
    """Counts with people's answers as rows and verdicts as columns."""

    labels: list[str]
    columns: list[str]
    counts: list[list[int]]


class ConfusionOut(Schema):
    """Items by people's answer and verdict; pass is the positive class."""

    tp: int
    fn: int
    fp: int
    tn: int
    unparsed: int
    matrix: MatrixOut

    @classmethod
    def of(cls, found: Confusion) -> "ConfusionOut":
        """Return what is shown of a confusion."""
        counts = [[found.tp, found.fn], [found.fp, found.tn]]
        matrix = MatrixOut(labels=["pass", "fail"], columns=["pass", "fail"], counts=counts)
        return cls(tp=found.tp, fn=found.fn, fp=found.fp, tn=found.tn, unparsed=found.unparsed, matrix=matrix)


class FiguresOut(Schema):
    """How a judge compares with people."""

    tpr: EstimateOut
    tnr: EstimateOut
    ppv: EstimateOut
    npv: EstimateOut
    accuracy: EstimateOut
    balanced_accuracy: EstimateOut
    cohen_kappa: EstimateOut
    gwet_ac: EstimateOut
    mcc: EstimateOut


class SegmentOut(FiguresOut):
    """The judge in one segment; its value is null where the fact is not known."""

    value: str | None
    n: int
    confusion: ConfusionOut


class BinOut(Schema):
    """Items of similar score: the rate that people saw, and what a perfectly calibrated judge would show."""

    mean_score: float
    observed: EstimateOut
    null_low: float
    null_high: float


class CorrectedOut(Schema):
    """The pass rate with the judge's errors taken out."""

    post_stratified: EstimateOut
    rogan_gladen: EstimateOut
    ppi: EstimateOut


class CalibrationOut(FiguresOut):
    """A judge version beside people."""

    question: str
    n: int
    weighted: bool = Field(description="Whether items count 1/π, so that the figures speak of production.")
    confusion: ConfusionOut
    brier: EstimateOut | None
    reliability: list[BinOut]
    corrected: CorrectedOut
    by_segment: list[SegmentOut]
    looks: int = Field(description="How often the test split was looked at.")
    label_worth: float | None = Field(description="How many labels alone one label beside this judge is worth.")
    sentence: str
    warnings: list[str]


class AnnotatorOut(Schema):
    """The judge against one reviewer."""

    reviewer: str
    n: int
    advantage: float
    p_value: float
    rejected: bool


class AlternativeOut(Schema):
    """Whether the judge can stand in for a reviewer: the winning rate and the average advantage."""

    omega: float | None
    rho: float | None
    passed: bool
    epsilon: float
    undefined: str | None
    annotators: list[AnnotatorOut]
    warnings: list[str]


@router.get("/{p}/judges/{j}/versions/{v}/calibration", response=CalibrationOut, summary="Calibration of a judge")
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
) -> CalibrationOut:
    """Compare a judge version with the answers of record; a look at the test split is counted."""
    access = authorize(actor_of(request), p, Action.SEE_RESOLUTIONS)
    window = Window(access.project.pk, start=start, end=to, where=read_filter(where), segment=segment)
    found = get_calibration(access, window, judge=j, version=v, question=question, split=split, now=timezone.now())
    return CalibrationOut(
        **_figures(found.description),
        question=found.question,
        n=found.n,
        weighted=found.weighted,
        confusion=ConfusionOut.of(found.confusion),
        brier=None if found.brier is None else EstimateOut.of(found.brier),
        reliability=[
            BinOut(
                mean_score=each.mean_score,
                observed=EstimateOut.of(each.observed),
                null_low=each.null_low,
                null_high=each.null_high,
            )
            for each in found.reliability
        ],
        corrected=CorrectedOut(
            post_stratified=EstimateOut.of(found.corrected.post_stratified),
            rogan_gladen=EstimateOut.of(found.corrected.rogan_gladen),
            ppi=EstimateOut.of(found.corrected.ppi),
        ),
        by_segment=[
            SegmentOut(
                value=each.value, n=each.n, confusion=ConfusionOut.of(each.confusion), **_figures(each.description)
            )
            for each in found.segments
        ],
        looks=found.looks,
        label_worth=found.label_worth,
        sentence=found.sentence,
        warnings=list(found.warnings),
    )


@router.get(
    "/{p}/judges/{j}/versions/{v}/alternative-test", response=AlternativeOut, summary="Alternative annotator test"
)
def get_alternative_test(
    request: HttpRequest,
    p: str,
    j: str,
    v: str,
    question: Question = None,
    epsilon: Annotated[float, Query(ge=0, lt=1)] = 0.1,
    where: Where = None,
) -> AlternativeOut:
    """Test whether a judge version can stand in for a reviewer (Calderon, Reichart & Dror 2025)."""
    access = authorize(actor_of(request), p, Action.SEE_RESOLUTIONS)
    window = Window(access.project.pk, where=read_filter(where))
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
