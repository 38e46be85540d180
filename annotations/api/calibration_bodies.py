"""What the API says of judges: calibration, and the alternative annotator test."""

from typing import Literal

from ninja import Schema
from pydantic import Field

from annotations.api.estimates import EstimateOut
from annotations.judges.confusion import Confusion


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


class CalibrationSegmentOut(FiguresOut):
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


class AppliesOut(Schema):
    """Which of the corrected rates is right for this calibration set; null where none is."""

    rate: Literal["post_stratified", "rogan_gladen"] | None
    design: str
    why: str


class CorrectedOut(Schema):
    """The pass rate with the judge's errors taken out, beside what the judge alone and labels alone say."""

    post_stratified: EstimateOut
    rogan_gladen: EstimateOut
    ppi: EstimateOut
    judge_only: EstimateOut
    labels_only: EstimateOut
    applies: AppliesOut


class CalibrationCostOut(Schema):
    """What a mistake costs, in any unit, and what an item costs that only the judge looks at."""

    false_pass: float
    false_fail: float
    per_item: EstimateOut


class ErrorOut(Schema):
    """The expected calibration error beside what chance alone makes of true scores: their mean and 95 % quantile."""

    value: float | None
    null_mean: float | None
    null_95: float | None


class RecalibrationOut(Schema):
    """Platt's curve on the logit of the score: accepted where cross-validation over sessions says so."""

    accepted: bool
    gain: EstimateOut = Field(description="Drop in log-loss an item; the limits are one standard error.")
    slope: EstimateOut
    intercept: EstimateOut
    platt_slope: float | None
    platt_intercept: float | None


class CeilingOut(Schema):
    """The judge's agreement with people beside theirs with each other, on the same items."""

    human_human: EstimateOut
    judge_human: EstimateOut
    difference: EstimateOut
    margin: float
    non_inferior: bool


class JudgementOut(Schema):
    """Usable for what, with which error, and what would change it."""

    state: Literal["flagged", "useful", "weak", "useless", "unknown"]
    usable_for: str
    error: str
    change: str


class CalibrationOut(FiguresOut):
    """A judge version beside people."""

    question: str
    n: int
    weighted: bool = Field(description="Whether items count 1/π, so that the figures speak of production.")
    confusion: ConfusionOut
    cost: CalibrationCostOut
    brier: EstimateOut | None
    reliability: list[BinOut]
    calibration_error: ErrorOut | None
    recalibration: RecalibrationOut | None
    corrected: CorrectedOut
    ceiling: CeilingOut
    by_segment: list[CalibrationSegmentOut]
    by_rubric_version: list[CalibrationSegmentOut]
    by_week: list[CalibrationSegmentOut] = Field(description="By the Monday (UTC) of the week in which items arrived.")
    looks: int = Field(description="How often the test split was looked at.")
    fooled_rate: float | None = Field(description="Share of the attack suite that it passed; null without one.")
    label_worth: float | None = Field(description="How many labels alone one label beside this judge is worth.")
    effective_labels: float | None
    judgement: JudgementOut
    flag: str | None = Field(description="Why the version is flagged; its estimates use labels alone while it is.")
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
