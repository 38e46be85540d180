"""The one registry of metrics that gates and evaluations name: their unit, and which direction is better.

`evaluation.<metric>` is that metric of an evaluation, `judge.<name>.<metric>` what a judge says. Whoever gates on a
name asks `get_metric` first, so that a typo is refused before anything runs.
"""

from dataclasses import dataclass, replace
from typing import Literal

from reviewapp.http.errors import FieldError, InvalidError

Unit = Literal["share", "difference", "ms", "usd", "count", "number", "statement"]
Better = Literal["higher", "lower"]
Bound = Literal["value", "low", "high"]
EVALUATION, JUDGE = "evaluation.", "judge."


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric by its name. `of_evaluation`: an evaluation measures it; `of_production`: so does what people label."""

    name: str
    title: str
    unit: Unit
    better: Better
    of_evaluation: bool = False
    of_production: bool = False

    def worse(self, value: float, than: float) -> bool:
        """Tell whether a value is worse than another one."""
        return value < than if self.better == "higher" else value > than

    @property
    def unfavourable(self) -> Bound:
        """The end of the interval that speaks against the system."""
        return "low" if self.better == "higher" else "high"


def _both(name: str, title: str, unit: Unit, better: Better) -> Metric:
    return Metric(name, title, unit, better, of_evaluation=True, of_production=True)


def _evaluated(name: str, title: str, unit: Unit = "share", better: Better = "higher") -> Metric:
    return Metric(name, title, unit, better, of_evaluation=True)


def _produced(name: str, title: str, unit: Unit, better: Better) -> Metric:
    return Metric(name, title, unit, better, of_production=True)


METRICS = {
    metric.name: metric
    for metric in (
        _evaluated("accuracy", "Right answers"),
        _evaluated("exact_match", "Equal, character by character"),
        _evaluated("normalised_match", "Equal but for case, spaces and a full stop"),
        _evaluated("numeric_match", "Equal as numbers"),
        _evaluated("field_accuracy", "Right fields of JSON objects"),
        _evaluated("f1", "Macro F1"),
        _evaluated("accuracy_weighted", "Right answers, weighted to production"),
        _evaluated("consistency", "Rows whose repeats agree"),
        _both("pass_rate", "Pass rate", "share", "higher"),
        _evaluated("people.pass_rate", "Pass rate by people, of a sample"),
        _both("check_failure_rate", "A check failed", "share", "lower"),
        _both("error_rate", "No answer", "share", "lower"),
        _both("latency_p50_ms", "Latency, median", "ms", "lower"),
        _both("latency_p90_ms", "Latency, 90 %", "ms", "lower"),
        _both("latency_p99_ms", "Latency, 99 %", "ms", "lower"),
        _both("cost_per_item_usd", "Cost per item", "usd", "lower"),
        _produced("agreement", "Agreement with people", "share", "higher"),
        _produced("certified_e_value", "Evidence that agreement is above the bar", "number", "higher"),
        _produced("non_inferiority", "The AI's error rate against people's", "difference", "higher"),
        _produced("reviewer_alpha", "Agreement between people", "number", "higher"),
        _produced("drift_findings", "Open drift findings", "count", "lower"),
        _produced("open_escalations", "Open escalations", "count", "lower"),
        _produced("feedback_negative_rate", "Negative feedback", "share", "lower"),
        _produced("attestation", "Confirmed by a named person", "statement", "higher"),
    )
}
_OF_JUDGE: dict[str, tuple[str, Unit, Better]] = {
    "pass_rate": ("pass rate, the judge's errors taken out", "share", "higher"),
    "raw_pass_rate": ("pass rate as the judge says it", "share", "higher"),
    "unparsed_rate": ("verdicts that could not be read", "share", "lower"),
    "tpr": ("passes recognised", "share", "higher"),
    "tnr": ("fails recognised", "share", "higher"),
    "ppv": ("passes that are right", "share", "higher"),
    "npv": ("fails that are right", "share", "higher"),
    "accuracy": ("right verdicts", "share", "higher"),
    "balanced_accuracy": ("balanced accuracy", "share", "higher"),
    "cohen_kappa": ("agreement with people, kappa", "number", "higher"),
    "gwet_ac": ("agreement with people, AC", "number", "higher"),
    "mcc": ("correlation with people", "number", "higher"),
    "brier": ("error of its scores", "number", "lower"),
}
# What an evaluation knows of a judge; the rest is known from its calibration.
OF_JUDGE_IN_EVALUATION = ("pass_rate", "raw_pass_rate", "unparsed_rate")


def find_metric(name: str) -> Metric | None:
    """Return the metric of that name, or None."""
    if name.startswith(EVALUATION):
        inner = find_metric(name.removeprefix(EVALUATION))
        if inner is None or not inner.of_evaluation or inner.name.startswith(EVALUATION):
            return None
        return replace(inner, name=name, title=f"{inner.title} in the evaluation")
    if name.startswith(JUDGE):
        judge, dot, of = name.removeprefix(JUDGE).rpartition(".")
        if not dot or not judge or of not in _OF_JUDGE:
            return None
        words, unit, better = _OF_JUDGE[of]
        return Metric(name, f"{judge}: {words}", unit, better, of in OF_JUDGE_IN_EVALUATION, of_production=True)
    return METRICS.get(name)


def judge_of(name: str) -> str | None:
    """Return the judge that a metric is of, or None."""
    name = name.removeprefix(EVALUATION)
    return name.removeprefix(JUDGE).rpartition(".")[0] if name.startswith(JUDGE) else None


def get_metric(name: str, *, path: str, of_evaluation: bool = False) -> Metric:
    """Return the metric of that name; InvalidError at `path` where there is none, or no evaluation measures it."""
    found = find_metric(name)
    if found is None or (of_evaluation and not found.of_evaluation):
        there = [metric.name for metric in METRICS.values() if metric.of_evaluation or not of_evaluation]
        message = f"There is no metric {name[:80]!r}. There are {', '.join(there)} and judge.<name>.pass_rate."
        raise InvalidError(message, code="unknown_metric", fields=(FieldError(path, message),))
    return found
