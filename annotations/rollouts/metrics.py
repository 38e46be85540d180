"""The figures that gates ask for, each about the process and each honest about what it rests on.

Whoever watches a gate every day must not pass it by patience: figures from labels and decisions come with limits that
hold at every look (a confidence sequence), not with those of one look.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import sqrt

from django.db import connection
from scipy.stats import binom

from annotations.judges.calibration import get_calibration
from annotations.models import JudgeVersion
from annotations.models.queue import Stage
from annotations.quality.agreement import get_agreement
from annotations.quality.asked import Window
from annotations.rollouts.evaluated import measure_evaluation
from annotations.rollouts.gates import Measured
from annotations.rollouts.pass_rate import measure_pass_rate
from annotations.rollouts.spec import Gate
from annotations.shadow.view import ShadowView, get_shadow, of_version
from reviewapp.accounts.access import Access
from reviewapp.accounts.models import Project
from reviewapp.http.errors import RefusalError
from reviewapp.stats.estimate import Estimate
from reviewapp.stats.grouped import Totals, rate_of_totals
from sampling.drift.read import find_drift
from sampling.operations.tally import IS_ERROR, LATER_CHECKS
from sampling.plans.filters import AllOf, parse_filter
from sampling.plans.segments import segment_sql

ALPHA = 0.05
MOST_SEGMENTS = 200
MOST_E_VALUE = 1e12  # beyond it nobody asks, and numbers stop being written alike everywhere
# What a check found later goes before what it found on arrival, as everywhere.
_OUTCOMES = f"(COALESCE(i.checks, '{{}}') || COALESCE({LATER_CHECKS}, '{{}}'))"
_FAILED = f"""{_OUTCOMES} @? '$.* ? (@ == "fail")'"""
_CHECKED = f"""{_OUTCOMES} @? '$.* ? (@ == "fail" || @ == "pass")'"""
_FEEDBACK = (
    "COALESCE((SELECT (f.value #>> '{}')::numeric FROM sampling_itemfact f"
    " WHERE f.item_id = i.id AND f.name = 'feedback'), i.feedback)"
)
# An item without a session is one by itself.
_COUNT = """
SELECT COALESCE(sum(CASE WHEN session_ref IS NULL THEN n ELSE 1 END), 0)::bigint, COALESCE(sum(n), 0)::bigint,
    COALESCE(sum(x), 0)::bigint, sum(CASE WHEN session_ref IS NULL THEN n ELSE n * n END)::float8,
    sum(CASE WHEN session_ref IS NULL THEN x ELSE n * x END)::float8,
    sum(CASE WHEN session_ref IS NULL THEN x ELSE x * x END)::float8
FROM (
    SELECT i.session_ref, count(*) AS n, count(*) FILTER (WHERE {of}) AS x
    FROM sampling_item i WHERE {among} AND {condition} GROUP BY 1
) s
"""
_LATENCY = """
SELECT count(*), percentile_disc(%s::float8[]) WITHIN GROUP (ORDER BY i.latency_ms)
FROM sampling_item i WHERE i.latency_ms IS NOT NULL AND {condition}
"""
_COST = """
SELECT COALESCE(sum(CASE WHEN session_ref IS NULL THEN n ELSE 1 END), 0)::bigint, COALESCE(sum(n), 0)::bigint,
    sum(x), sum(CASE WHEN session_ref IS NULL THEN n ELSE n * n END)::float8,
    sum(CASE WHEN session_ref IS NULL THEN x ELSE n * x END),
    sum(CASE WHEN session_ref IS NULL THEN square ELSE x * x END), sum(square)
FROM (
    SELECT i.session_ref, count(*) AS n, sum(i.cost_usd) AS x, sum(i.cost_usd ^ 2) AS square
    FROM sampling_item i WHERE i.cost_usd IS NOT NULL AND {condition} GROUP BY 1
) s
"""
_SEGMENTS = """
SELECT DISTINCT {segment} FROM sampling_item i WHERE {condition} AND {segment} IS NOT NULL LIMIT %s
"""
_ESCALATED = """
SELECT count(DISTINCT e.item_id) FROM annotations_escalation e
JOIN annotations_task t ON t.item_id = e.item_id AND t.stage = %s AND t.is_open WHERE e.project_id = %s
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is measured: the items of a version, of a project, from a time on.

    Several gates ask for the same comparison with people: `_views` keeps what was read for one measurement.
    """

    access: Access
    system_version: str
    counts_from: datetime | None
    now: datetime
    _views: dict[tuple[Window, str | None], ShadowView] = field(default_factory=dict, compare=False, repr=False)

    @property
    def project(self) -> Project:
        """The project."""
        return self.access.project

    def shadow(self, window: Window, question: str | None) -> ShadowView:
        """Return the version beside people's decisions, read once."""
        key = window, question
        if key not in self._views:
            self._views[key] = get_shadow(self.project, window, system_version=self.system_version, question=question)
        return self._views[key]

    def window(self, gate: Gate, segment: tuple[str, str] | None = None) -> Window:
        """Return the items that the gate is about."""
        parts = () if gate.where is None else (parse_filter(gate.where),)
        window = Window(self.project.pk, start=self.counts_from, where=AllOf(parts), part=segment)
        return of_version(window, self.system_version)


def measure(gate: Gate, asked: Asked, segment: tuple[str, str] | None = None) -> Measured:
    """Return the figure that a gate asks for; where something refuses to be computed, why."""
    window = asked.window(gate, segment)
    try:
        if gate.judge is not None:
            return _judge(gate, asked, window)
        if gate.evaluation is not None:
            return measure_evaluation(
                asked.project,
                asked.system_version,
                metric=gate.evaluation,
                dataset=gate.dataset,
                tag=gate.dataset_tag,
                since=asked.counts_from,
            )
        return _MEASURES[gate.metric](gate, asked, window)
    except RefusalError as refusal:
        return Measured.nothing(refusal.fields[0].message if refusal.fields else refusal.message)


def segments_of(gate: Gate, asked: Asked) -> list[str]:
    """Return the values of the field that the gate is to hold for each of; one more than the most where too many."""
    field = gate.every_segment_of or ""
    segment, condition = segment_sql(field), asked.window(gate).condition()
    with connection.cursor() as cursor:
        cursor.execute(
            _SEGMENTS.format(segment=segment.sql, condition=condition.sql),
            [*segment.params, *condition.params, *segment.params, MOST_SEGMENTS + 1],
        )
        return sorted(row[0] for row in cursor.fetchall())


def _pass_rate(gate: Gate, asked: Asked, window: Window) -> Measured:  # noqa: ARG001 — measures are asked alike
    return measure_pass_rate(window, question=gate.question)


def _agreement(gate: Gate, asked: Asked, window: Window) -> Measured:
    view = asked.shadow(window, gate.question)
    sequence = view.evidence.view.sequence
    if view.agreement.value is None:
        return Measured.nothing(view.why_empty or "There is no pair of decisions of this version yet.")
    return Measured(view.agreement.value, sequence.low, sequence.high, view.agreement.n)


def _certified(gate: Gate, asked: Asked, window: Window) -> Measured:
    view = asked.shadow(window, gate.question)
    if not view.evidence.n:
        return Measured.nothing(view.why_empty or "There is no pair of decisions with equal chances yet.")
    value = min(view.evidence.view.e_value_above, MOST_E_VALUE)
    bar = f"Against a bar of {view.rule.spec.bar:g}."
    return Measured(value, value, value, view.evidence.n, bar)


def _non_inferiority(gate: Gate, asked: Asked, window: Window) -> Measured:
    view = asked.shadow(window, gate.question)
    ruled = view.rulings
    if ruled.non_inferiority is None:
        left = ruled.n_disagreements - ruled.n_ruled
        return Measured.nothing(
            f"{left} disagreements wait to be looked at." if left else "There is no pair of decisions yet."
        )
    found = ruled.non_inferiority.difference
    return Measured(found.value, found.low, found.high, found.n)


def _reviewer_alpha(gate: Gate, asked: Asked, window: Window) -> Measured:  # noqa: ARG001 — measures are asked alike
    overall = get_agreement(window, question=gate.question).overall
    alpha = overall.krippendorff_alpha
    if alpha is None:
        return Measured.nothing("Answers of this kind have no alpha.")
    if alpha.value is None:
        return Measured.nothing(
            "No item has two labels yet." if alpha.undefined == "no_pairs" else f"{alpha.undefined}"
        )
    return Measured(alpha.value, alpha.low, alpha.high, overall.n_items_multi)


def _rate(of: str, among: str, what: str) -> Callable[[Gate, Asked, Window], Measured]:
    """Return the measure of a share of all items received, with Wilson's interval about the process, by session."""

    def found(gate: Gate, asked: Asked, window: Window) -> Measured:  # noqa: ARG001 — measures are asked alike
        condition = window.condition()
        with connection.cursor() as cursor:
            cursor.execute(_COUNT.format(of=of, among=among, condition=condition.sql), condition.params)
            totals = Totals(*cursor.fetchone())
        if not totals.rows:
            return Measured.nothing(what)
        rate = rate_of_totals(totals)
        return Measured(rate.value, rate.low, rate.high, totals.rows)

    return found


def _latency(quantile: float) -> Callable[[Gate, Asked, Window], Measured]:
    """Return the measure of a quantile of the latency, with the order statistics that enclose it at 95 %."""

    def found(gate: Gate, asked: Asked, window: Window) -> Measured:  # noqa: ARG001 — measures are asked alike
        condition = window.condition()
        counted = _LATENCY.format(condition=condition.sql)
        with connection.cursor() as cursor:
            cursor.execute(counted, [[quantile], *condition.params])
            n, values = cursor.fetchone()
            if not n:
                return Measured.nothing("No item of this version says how long it took.")
            low, high = (int(binom.ppf(level, n, quantile)) for level in (ALPHA / 2, 1 - ALPHA / 2))
            # Between two ranks, so that rounding takes neither the one before nor the one behind.
            places = [(max(low, 1) - 0.5) / n, (min(high + 1, n) - 0.5) / n]
            cursor.execute(counted, [places, *condition.params])
            _, ends = cursor.fetchone()
        bounded = high + 1 <= n
        reason = "" if bounded else "There are too few items for an upper limit."
        return Measured(values[0], ends[0] if low >= 1 else None, ends[1] if bounded else None, n, reason)

    return found


def _cost(gate: Gate, asked: Asked, window: Window) -> Measured:  # noqa: ARG001 — measures are asked alike
    condition = window.condition()
    with connection.cursor() as cursor:
        cursor.execute(_COST.format(condition=condition.sql), condition.params)
        *sums, squares = cursor.fetchone()
    totals = Totals(*sums)
    if not totals.rows:
        return Measured.nothing("No item of this version says what it cost.")
    if totals.groups < 2:
        return Measured(totals.mean, None, None, totals.rows)
    alone = Totals(totals.rows, totals.rows, totals.value, totals.rows, totals.value, squares)
    half = totals.units.reach(1 - ALPHA) * sqrt(max(totals.variance, alone.variance))
    return Measured(totals.mean, max(totals.mean - half, 0.0), totals.mean + half, totals.rows)


def _drift(gate: Gate, asked: Asked, window: Window) -> Measured:  # noqa: ARG001 — measures are asked alike
    drift = find_drift(asked.project.pk)
    if drift is None or drift.run.undefined:
        return Measured.nothing("Traffic was not compared with earlier traffic yet.")
    return _known(drift.n_open, drift.run.n_after)


def _escalations(gate: Gate, asked: Asked, window: Window) -> Measured:  # noqa: ARG001 — measures are asked alike
    with connection.cursor() as cursor:
        cursor.execute(_ESCALATED, [Stage.ADJUDICATION, asked.project.pk])
        (n,) = cursor.fetchone()
    return _known(n, n)


def _known(value: float, n: int) -> Measured:
    """Return a count that is known and not estimated."""
    return Measured(float(value), float(value), float(value), n)


def _judge(gate: Gate, asked: Asked, window: Window) -> Measured:
    name, metric = gate.judge or ("", "")
    newest = (
        JudgeVersion.objects.filter(judge__project=asked.project, judge__name=name)
        .order_by("-created_at", "-pk")
        .first()
    )
    if newest is None:
        return Measured.nothing(f"The project has no judge {name!r}.")
    # A judge is described by all of its verdicts, and not by those on one version's items.
    everything = replace(window, start=None, where=AllOf(()) if gate.where is None else parse_filter(gate.where))
    found = get_calibration(
        asked.access, everything, judge=name, version=newest.version, question=gate.question, split=None, now=asked.now
    )
    others = {
        "pass_rate": found.corrected.post_stratified,
        "raw_pass_rate": found.corrected.judge_only,
        "unparsed_rate": found.unparsed,
        "gwet_ac": found.description.gwet_ac1,
        "brier": found.scores.brier if found.scores else None,
    }
    estimate: Estimate | None = others[metric] if metric in others else getattr(found.description, metric)
    if estimate is None or estimate.value is None:
        return Measured.nothing(
            f"Judge {name} {newest.version} has too few items with a verdict and an answer of record."
        )
    said = f"Version {newest.version} of the judge."
    if asked.counts_from:
        said += " All its verdicts count, earlier ones too."
    n = estimate.n if metric in {"raw_pass_rate", "unparsed_rate"} else found.n
    return Measured(estimate.value, estimate.low, estimate.high, n, said)


_MEASURES: dict[str, Callable[[Gate, Asked, Window], Measured]] = {
    "pass_rate": _pass_rate,
    "agreement": _agreement,
    "certified_e_value": _certified,
    "non_inferiority": _non_inferiority,
    "reviewer_alpha": _reviewer_alpha,
    "check_failure_rate": _rate(_FAILED, _CHECKED, "No check of this version's items passed or failed."),
    "error_rate": _rate(IS_ERROR, "i.erased_at IS NULL", "No item of this version has arrived yet."),
    "feedback_negative_rate": _rate(
        f"{_FEEDBACK} < 0", f"{_FEEDBACK} IS NOT NULL", "No item of this version has feedback yet."
    ),
    "latency_p50_ms": _latency(0.5),
    "latency_p90_ms": _latency(0.9),
    "latency_p99_ms": _latency(0.99),
    "cost_per_item_usd": _cost,
    "drift_findings": _drift,
    "open_escalations": _escalations,
}
