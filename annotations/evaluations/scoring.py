"""Scores of an evaluation from its rows: pure, every number with its interval or the reason why there is none.

The unit is a row of the dataset: repeats of a row count as one, with their mean. Where rows share a group (a session),
intervals rest on the groups. A failure (no answer came) is never a wrong answer: rates of answers rest on the rows that
were answered, and `error_rate` says how many were not.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from annotations.evaluations.classes import ClassScore, class_report, macro_f1
from reviewapp.stats.estimate import Estimate
from reviewapp.stats.grouped import mean_amount, mean_rate, quantile, weighted_rate

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
    """A row with its outputs, one a repeat. `expected` is its class as text, None where nothing is expected.

    Rows of the same `group` (of one session) are not independent of each other.
    """

    external_id: str
    expected: str | None
    outputs: tuple[Output, ...]
    weight: float | None = None
    slices: tuple[tuple[str, str], ...] = ()
    group: str | None = None

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
    """Rows: all, answered at least once, failed every time, and those that no output was there for.

    `groups` are those of the answered rows; as many as these where no two rows share one.
    """

    rows: int
    answered: int
    failed: int
    missing: int
    without_expected: int
    outputs: int
    repeats: int
    groups: int = 0


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


def groups_of(rows: Sequence[Row]) -> list[str | None]:
    """Return the group of each row."""
    return [row.group for row in rows]


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
        groups=len({row.group or f"row {row.external_id}" for row in answered}),
    )
    known = [row for row in answered if row.expected is not None]
    pairs = [(str(row.expected), output.predicted) for row in known for output in row.answers[:1]]
    expected, predicted = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    repeated = [row for row in rows if len(row.answers) > 1]
    steady = [float(len({output.predicted for output in row.answers}) == 1) for row in repeated]
    groups = groups_of(rows)
    metrics = {
        **{name: mean_rate([of(row) for row in rows], groups) for name, of in ROW_RATES.items()},
        "f1": macro_f1(expected, predicted, groups_of(known)),
        "accuracy_weighted": weighted_rate([(row.correct, row.weight) for row in known], groups_of(known)),
        "consistency": mean_rate(steady, groups_of(repeated)),
        **_latencies(rows),
        "cost_per_item_usd": mean_amount([cost_of(row) for row in rows], groups),
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


def _latencies(rows: Sequence[Row]) -> dict[str, Estimate]:
    known = [
        (output.latency_ms, row.group or f"row {row.external_id}")
        for row in rows
        for output in row.answers
        if output.latency_ms is not None
    ]
    values, groups = [each[0] for each in known], [each[1] for each in known]
    return {f"latency_p{percent}_ms": quantile(values, percent / 100, groups) for percent in (50, 90, 99)}


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
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        for part in row.slices:
            found.setdefault(part, []).append(row)
    return [
        SliceScore(fact, value, len(inside), mean_rate([row.correct for row in inside], groups_of(inside)))
        for (fact, value), inside in sorted(found.items())
    ]


def _fields(rows: Sequence[Row]) -> list[tuple[str, Estimate]]:
    names = dict.fromkeys(name for row in rows for output in row.answers for name in output.fields or ())

    def of(name: str) -> Callable[[Output], float | None]:
        return lambda output: (output.fields or {}).get(name)

    return [(name, mean_rate([row.mean(of(name)) for row in rows], groups_of(rows))) for name in list(names)[:50]]


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
        rate = mean_rate([row.mean(of(name)) for row in rows], groups_of(rows))
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
