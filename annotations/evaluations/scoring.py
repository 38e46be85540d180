"""Scores of an evaluation from its rows: pure, every number with its interval or the reason why there is none.

The unit is a row of the dataset: repeats of a row count as one, with their mean. A failure (no answer came) is never a
wrong answer: rates of answers rest on the rows that were answered, and `error_rate` says how many were not.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import binom, t

from annotations.evaluations.classes import ClassScore, class_report, macro_f1
from reviewapp.stats.counted_rates import wilson_rate
from reviewapp.stats.estimate import Estimate, no_estimate

FAILED = "fail"


class Output(NamedTuple):
    """One output of one row as it was marked when it came in; `answered` False where it failed or never came."""

    answered: bool
    failed: bool = False
    correct: bool | None = None
    exact: bool | None = None
    normalised: bool | None = None
    number: bool | None = None
    fields: dict[str, bool] | None = None
    predicted: str = ""
    checks: dict[str, str | None] = {}
    latency_ms: float | None = None
    cost_usd: float | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its outputs, one a repeat. `expected` is its class as text, None where nothing is expected."""

    external_id: str
    expected: str | None
    outputs: tuple[Output, ...]
    weight: float | None = None
    slices: tuple[tuple[str, str], ...] = ()

    @property
    def answers(self) -> list[Output]:
        """The outputs that came."""
        return [output for output in self.outputs if output.answered]

    def mean(self, of: Callable[[Output], float | None]) -> float | None:
        """Return the mean of a value over the repeats that have one."""
        values = [value for output in self.outputs if output.answered and (value := of(output)) is not None]
        return sum(values) / len(values) if values else None

    @property
    def correct(self) -> float | None:
        """The share of its answers that are right; None without an answer or without an expected one."""
        return self.mean(lambda output: output.correct)


class Counts(NamedTuple):
    """Rows: all, answered at least once, failed every time, and those that no output was there for."""

    rows: int
    answered: int
    failed: int
    missing: int
    without_expected: int
    outputs: int
    repeats: int


class SliceScore(NamedTuple):
    """The rows that share a value of a fact."""

    fact: str
    value: str
    n: int
    accuracy: Estimate


class CheckScore(NamedTuple):
    """One check over all answers; `rate` is the share of rows that it fails, of those it applies to."""

    name: str
    passed: int
    failed: int
    not_applicable: int
    rate: Estimate


@dataclass(frozen=True, slots=True)
class Scores:
    """What an evaluation measured, by the names of the registry."""

    counts: Counts
    metrics: dict[str, Estimate]
    slices: list[SliceScore] = field(default_factory=list)
    classes: list[ClassScore] = field(default_factory=list)
    fields: list[tuple[str, Estimate]] = field(default_factory=list)
    checks: list[CheckScore] = field(default_factory=list)
    unsteady: int = 0
    failures: list[tuple[str, int]] = field(default_factory=list)


def score_rows(rows: Sequence[Row]) -> Scores:
    """Return the scores of an evaluation."""
    answered = [row for row in rows if row.answers]
    counts = Counts(
        rows=len(rows),
        answered=len(answered),
        failed=sum(not row.answers and any(output.failed for output in row.outputs) for row in rows),
        missing=sum(not row.answers and not any(output.failed for output in row.outputs) for row in rows),
        without_expected=sum(row.expected is None for row in rows),
        outputs=sum(len(row.answers) for row in rows),
        repeats=max((len(row.outputs) for row in rows), default=1),
    )
    known = [row for row in answered if row.expected is not None]
    pairs = [(str(row.expected), output.predicted) for row in known for output in row.answers[:1]]
    expected, predicted = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    steady = [float(len({output.predicted for output in row.answers}) == 1) for row in rows if len(row.answers) > 1]
    metrics = {
        **{name: mean_rate([of(row) for row in rows]) for name, of in ROW_RATES.items()},
        "f1": macro_f1(expected, predicted),
        "accuracy_weighted": _weighted([(row.correct, row.weight) for row in known]),
        "consistency": mean_rate(steady),
        **_latencies([output.latency_ms for row in rows for output in row.answers]),
        "cost_per_item_usd": mean_amount([cost_of(row) for row in rows]),
    }
    free_text = metrics["f1"].undefined in {"free_text", "no_labels"}
    return Scores(
        counts=counts,
        metrics=metrics,
        slices=_slices(known),
        classes=[] if free_text else class_report(expected, predicted),
        fields=_fields(known),
        checks=_checks(answered),
        unsteady=sum(not each for each in steady),
        failures=Counter(
            output.problem or "no answer" for row in rows for output in row.outputs if output.failed
        ).most_common(10),
    )


def mean_rate(values: Sequence[float | None], *, confidence: float = 0.95) -> Estimate:
    """Mean of shares in [0, 1], one a row, with Wilson's interval; rows without a value are left out.

    Where repeats make shares of them, the interval is at the number of rows that a plain rate would need for the same
    variance: p (1 - p) / (s² / n), and never above the number of rows times ten. Undefined without rows.
    """
    given = np.asarray([value for value in values if value is not None], np.float64)
    n = given.size
    if not n:
        return no_estimate("not_measured", method="wilson", confidence=confidence, population="process")
    p = float(given.mean())
    if bool(np.all((given == 0) | (given == 1))):
        return wilson_rate(round(float(given.sum())), n, method="wilson", confidence=confidence)
    variance = float(given.var(ddof=1)) / n if n > 1 else 0.0
    size = min(p * (1 - p) / variance, 10.0 * n) if variance > 0 else float(n)
    size = max(size, 1.0)
    return wilson_rate(p * size, size, method="wilson_clustered", labels=n, confidence=confidence)


def mean_amount(values: Sequence[float | None], *, confidence: float = 0.95) -> Estimate:
    """Mean of amounts, one a row, with Student's interval; limits from two rows on. Undefined without rows."""
    given = np.asarray([value for value in values if value is not None], np.float64)
    n = given.size
    if not n:
        return no_estimate("not_measured", method="student_t", confidence=confidence, population="process")
    mean = float(given.mean())
    low = high = None
    if n > 1:
        reach = float(t.isf((1 - confidence) / 2, n - 1)) * float(given.std(ddof=1)) / n**0.5
        low, high = max(0.0, mean - reach), mean + reach
    return Estimate(mean, low, high, "student_t", n, None, confidence, "process")


def quantile(values: Sequence[float], share: float, *, confidence: float = 0.95) -> Estimate:
    """Smallest value that at least `share` of the values do not exceed, with limits at order statistics.

    Ranks l = q(α/2) and u = q(1 - α/2) + 1 of Bin(n, share): free of any shape of the distribution. A limit beyond the
    values is None: few values say little of a p99.
    """
    ordered = sorted(values)
    n = len(ordered)
    if not n:
        return no_estimate("not_measured", method="order_statistics", confidence=confidence, population="process")
    tail = (1 - confidence) / 2
    low, high = int(binom.ppf(tail, n, share)), int(binom.ppf(1 - tail, n, share)) + 1
    return Estimate(
        value=ordered[max(ceil(share * n - 1e-9), 1) - 1],
        low=ordered[low - 1] if low >= 1 else None,
        high=ordered[high - 1] if high <= n else None,
        method="order_statistics",
        n=n,
        confidence=confidence,
        population="process",
    )


def _latencies(values: Sequence[float | None]) -> dict[str, Estimate]:
    known = [value for value in values if value is not None]
    return {f"latency_p{percent}_ms": quantile(known, percent / 100) for percent in (50, 90, 99)}


def _weighted(values: Sequence[tuple[float | None, float | None]], *, confidence: float = 0.95) -> Estimate:
    """Hájek mean of the rows that chance drew, with Wilson's interval at Kish's size W²/Σw²."""
    given = [(value, weight) for value, weight in values if value is not None and weight is not None]
    if not given:
        return no_estimate(
            "unknown_inclusion_probability", method="hajek_wilson", confidence=confidence, population="process"
        )
    correct, weight = (np.asarray(column, np.float64) for column in zip(*given, strict=True))
    size = float(weight.sum() ** 2 / (weight**2).sum())
    share = min(max(float((weight * correct).sum() / weight.sum()), 0.0), 1.0)
    return wilson_rate(share * size, size, method="hajek_wilson", labels=len(given), confidence=confidence)


def _failure_share(row: Row) -> float | None:
    """Return which share of the tries failed; None where no output was given for the row at all."""
    tried = [output for output in row.outputs if output.answered or output.failed]
    return sum(output.failed for output in tried) / len(tried) if tried else None


def _field_share(output: Output) -> float | None:
    return sum(output.fields.values()) / len(output.fields) if output.fields else None


def _check_fails(output: Output) -> float | None:
    """Return None where no check has an outcome."""
    known = [outcome for outcome in output.checks.values() if outcome is not None]
    return float(FAILED in known) if known else None


def _passes(output: Output) -> float | None:
    """Return 1 for what is right (where anything is expected) and fails no check; None where neither is known."""
    fails = _check_fails(output)
    if output.correct is None and fails is None:
        return None
    return float(output.correct is not False and not fails)


def _slices(rows: Sequence[Row]) -> list[SliceScore]:
    found: dict[tuple[str, str], list[float | None]] = {}
    for row in rows:
        for part in row.slices:
            found.setdefault(part, []).append(row.correct)
    return [
        SliceScore(fact, value, len(correct), mean_rate(correct)) for (fact, value), correct in sorted(found.items())
    ]


def _fields(rows: Sequence[Row]) -> list[tuple[str, Estimate]]:
    names = dict.fromkeys(name for row in rows for output in row.answers for name in output.fields or ())

    def of(name: str) -> Callable[[Output], float | None]:
        return lambda output: (output.fields or {}).get(name)

    return [(name, mean_rate([row.mean(of(name)) for row in rows])) for name in list(names)[:50]]


def _checks(rows: Sequence[Row]) -> list[CheckScore]:
    names = dict.fromkeys(name for row in rows for output in row.answers for name in output.checks)

    def of(name: str) -> Callable[[Output], float | None]:
        def fails(output: Output) -> float | None:
            outcome = output.checks.get(name)
            return float(outcome == FAILED) if outcome in {"pass", FAILED} else None

        return fails

    def count(name: str) -> Counter[Any]:
        return Counter(output.checks.get(name) for row in rows for output in row.answers)

    found = []
    for name in names:
        counted = count(name)
        rate = mean_rate([row.mean(of(name)) for row in rows])
        found.append(CheckScore(name, counted["pass"], counted[FAILED], counted["not_applicable"], rate))
    return found


def latency_of(row: Row) -> float | None:
    """Return a row's mean latency."""
    return row.mean(lambda output: output.latency_ms)


def cost_of(row: Row) -> float | None:
    """Return a row's mean cost."""
    return row.mean(lambda output: output.cost_usd)


# What each row counts in a rate: a number in [0, 1], or None where it says nothing of it.
ROW_RATES: dict[str, Callable[[Row], float | None]] = {
    "accuracy": lambda row: row.correct,
    "exact_match": lambda row: row.mean(lambda output: output.exact),
    "normalised_match": lambda row: row.mean(lambda output: output.normalised),
    "numeric_match": lambda row: row.mean(lambda output: output.number),
    "field_accuracy": lambda row: row.mean(_field_share),
    "pass_rate": lambda row: row.mean(_passes),
    "check_failure_rate": lambda row: row.mean(_check_fails),
    "error_rate": _failure_share,
}
