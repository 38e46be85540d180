"""The gate: conditions on metrics that an evaluation passes, fails, or has too little evidence for.

`METRIC=VALUE` compares the value, `METRIC:low=VALUE` and `METRIC:high=VALUE` an end of its interval. Where less of a
metric is better (latency, cost, error_rate), it fails above the limit. A regression is how much worse it is than the
baseline; `METRIC:high` is then the most that it may be worse. Too few rows never pass, nor many rows of few groups.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal, NamedTuple

from annotations.evaluations.compare import Comparison
from annotations.evaluations.metrics import Bound, Metric, get_metric, judge_of
from annotations.models import Judge
from reviewapp.accounts.models import Project
from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.stats.estimate import Estimate
from reviewapp.stats.grouped import BY_GROUP
from reviewapp.words import counted

Kind = Literal["fail_under", "max_regression"]
State = Literal["pass", "fail", "not_enough_data"]
MIN_ROWS, MIN_COVERAGE = 20, 0.9
# These say of themselves how many rows were not answered.
_ABOUT_FAILURES = {"error_rate"}


class Condition(NamedTuple):
    """One condition as it was written."""

    kind: Kind
    metric: Metric
    bound: Bound
    limit: float

    @property
    def name(self) -> str:
        """The condition in words that a report can show."""
        of = "" if self.bound == "value" else f" ({self.bound})"
        if self.kind == "max_regression":
            return f"{self.metric.name}{of} worse than the baseline by at most {self.limit:g}"
        return f"{self.metric.name}{of} {'at least' if self.metric.better == 'higher' else 'at most'} {self.limit:g}"


class GateResult(NamedTuple):
    """What became of a condition. For a regression, value, low and high are how much worse it is."""

    condition: Condition
    state: State
    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str


class Needed(NamedTuple):
    """The least evidence that may pass: rows behind the number, and the share of all rows that were answered."""

    rows: int = MIN_ROWS
    coverage: float = MIN_COVERAGE


def parse_condition(text: str, kind: Kind) -> Condition:
    """Return the condition of `METRIC[:low|high|value]=VALUE`, or raise InvalidError (`unknown_metric` for a typo)."""
    option = f"--{kind.replace('_', '-')}"
    written, mark, number = text.rpartition("=")
    name, colon, bound = written.rpartition(":")
    if not colon or bound not in {"low", "high", "value"}:
        name, bound = written, "value"
    try:
        share = number.strip().endswith("%")
        limit = float(number.strip().removesuffix("%")) / (100 if share else 1)
    except ValueError:
        limit = float("nan")
    if not mark or not name or limit != limit or limit in {float("inf"), float("-inf")}:  # noqa: PLR0124
        message = f"Write METRIC=VALUE or METRIC:low=VALUE, not {text[:80]!r}."
        raise InvalidError(f"{option}: {message}", fields=(FieldError(option, message),))
    metric = get_metric(name.strip(), path=option, of_evaluation=True)
    if kind == "max_regression" and limit < 0:
        message = "A regression is allowed from 0 on."
        raise InvalidError(f"{option}: {message}", fields=(FieldError(option, message),))
    return Condition(kind, metric, bound, limit)  # type: ignore[arg-type]


def check_judges(project: Project, conditions: Iterable[Condition]) -> None:
    """Raise InvalidError `unknown_metric` where a condition is about a judge that the project does not have."""
    named = {judge for condition in conditions if (judge := judge_of(condition.metric.name)) is not None}
    there = set(Judge.objects.filter(project=project, name__in=named).values_list("name", flat=True))
    for name in sorted(named - there):
        message = f"The project has no judge {name[:80]!r}."
        raise InvalidError(message, code="unknown_metric", fields=(FieldError("metric", message),))


def check_gates(
    conditions: list[Condition],
    *,
    metrics: Mapping[str, Estimate],
    baseline: Mapping[str, Estimate],
    comparison: Comparison | None,
    coverage: float,
    needed: Needed,
) -> list[GateResult]:
    """Return what becomes of each condition."""
    found = []
    for condition in conditions:
        name = condition.metric.name.removeprefix("evaluation.")
        if condition.kind == "fail_under":
            estimate = metrics.get(name)
        else:
            estimate = _regression(name, condition.metric, metrics, baseline, comparison)
        found.append(_judge(condition, estimate, coverage=coverage, needed=needed))
    return found


def _judge(condition: Condition, estimate: Estimate | None, *, coverage: float, needed: Needed) -> GateResult:
    if estimate is None or estimate.value is None:
        why = "not measured" if estimate is None else (estimate.undefined or "").replace("_", " ")
        return GateResult(condition, "not_enough_data", None, None, None, 0 if estimate is None else estimate.n, why)

    def result(state: State, reason: str) -> GateResult:
        return GateResult(condition, state, estimate.value, estimate.low, estimate.high, estimate.n, reason)

    if estimate.n < needed.rows:
        return result(
            "not_enough_data", f"{counted(estimate.n, 'row')}, and no gate passes on fewer than {needed.rows}"
        )
    worth = estimate.n_effective
    if estimate.method.endswith(BY_GROUP) and worth is not None and worth < needed.rows:
        return result(
            "not_enough_data",
            f"{estimate.n} rows share groups and are worth {worth:.1f}, and no gate passes on fewer than {needed.rows}",
        )
    if coverage < needed.coverage and condition.metric.name not in _ABOUT_FAILURES:
        return result(
            "not_enough_data", f"{coverage:.1%} of the rows were answered, and {needed.coverage:.0%} are needed"
        )
    number = {"value": estimate.value, "low": estimate.low, "high": estimate.high}[condition.bound]
    if number is None:
        return result("not_enough_data", f"there is no {condition.bound} end of the interval")
    if condition.kind == "max_regression":
        failed = number > condition.limit + 1e-12
        return result("fail" if failed else "pass", f"{number:.4g} against at most {condition.limit:g}")
    failed = condition.metric.worse(number, condition.limit)
    return result("fail" if failed else "pass", f"{number:.4g} against {condition.limit:g}")


def _regression(
    name: str,
    metric: Metric,
    metrics: Mapping[str, Estimate],
    baseline: Mapping[str, Estimate],
    comparison: Comparison | None,
) -> Estimate | None:
    """Return how much worse it is than the baseline: paired by row where rows have values, else of the two values."""
    if comparison is not None and name in comparison.metrics:
        found = comparison.metrics[name]
    else:
        here, there = metrics.get(name), baseline.get(name)
        if here is None or there is None or here.value is None or there.value is None:
            return None
        found = Estimate(here.value - there.value, None, None, "difference", min(here.n, there.n), population="process")
    if found.value is None:
        return found
    if metric.better == "lower":
        return found
    low, high = (None if end is None else -end for end in (found.high, found.low))
    return replace(found, value=-found.value, low=low, high=high)
