"""What a plan would have drawn from the items that are stored: each rule, each segment, and what that would buy.

Expected draws are sums of probabilities. Drawn is exact: an item's random number never changes, so the plan would have
drawn the very items counted here.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from reviewapp.stats.proportions import wilson
from sampling.plans.body import PlanBody, PreviewBody
from sampling.plans.filters import parse_filter
from sampling.plans.filters_sql import filter_sql

MAX_SEGMENTS = 50
_DAY = timedelta(days=1)


class Draws(NamedTuple):
    """Draws from some items.

    `half_width` is half of the 95 % interval (Wilson) of a pass rate of one half, estimated from the expected draws as
    if all were labelled: the widest it can be. None where nothing would be drawn.
    """

    n_items: int
    expected: float
    drawn: int
    half_width: float | None


class RulePreview(NamedTuple):
    """The items that one rule matches, drawn at its own rate alone."""

    name: str
    rate: float
    draws: Draws


class SegmentPreview(NamedTuple):
    """The items of one system version (None where none was sent), drawn by the whole plan."""

    value: str | None
    draws: Draws


class PlanPreview(NamedTuple):
    """What a plan would have drawn between two times; a window shorter than a day counts as one."""

    start: datetime | None
    end: datetime
    total: Draws
    per_day: float
    rules: list[RulePreview]
    segments: list[SegmentPreview]


def preview_plan(*, project_id: int, plan: PreviewBody, now: datetime) -> PlanPreview:
    """Return what the plan (from `parse_preview`) would have drawn of the items received in its window."""
    end = plan.end or now
    rows = _counts(project_id, plan, plan.start, end)
    whole = rows[0]
    start = plan.start or whole.first
    days = max((end - start) / _DAY, 1) if start else 1
    return PlanPreview(
        start=start,
        end=end,
        total=whole.total,
        per_day=whole.total.expected / days,
        rules=[
            RulePreview(rule.name, rule.rate, _draws(n_items, n_items * rule.rate, drawn))
            for rule, (n_items, drawn) in zip(plan.rules, whole.rules, strict=True)
        ],
        segments=[SegmentPreview(row.segment, row.total) for row in rows[1:]],
    )


class _Counts(NamedTuple):
    segment: str | None
    first: datetime | None
    total: Draws
    rules: Sequence[tuple[int, int]]


def _counts(project_id: int, plan: PlanBody, start: datetime | None, end: datetime) -> list[_Counts]:
    """Return the counts of all items, then of the largest segments, in one pass over the items."""
    columns, params = [], []
    for index, rule in enumerate(plan.rules):
        condition = filter_sql(parse_filter(rule.when))
        columns.append(f", ({condition.sql}) IS TRUE AS m{index}")
        params += condition.params
    rates: list[Any] = [plan.base_rate]
    probability = "%s::float8"
    for index, rule in enumerate(plan.rules):
        probability += f", CASE WHEN m{index} THEN %s::float8 ELSE 0 END"
        rates.append(rule.rate)
    counted = ""
    drawn_by_rule: list[Any] = []
    for index, rule in enumerate(plan.rules):
        counted += f", count(*) FILTER (WHERE m{index}), count(*) FILTER (WHERE m{index} AND u < %s::float8)"
        drawn_by_rule.append(rule.rate)
    sql = f"""
        SELECT GROUPING(system_version), system_version, min(received_at),
            count(*), COALESCE(sum(p), 0), count(*) FILTER (WHERE u < p) {counted}
        FROM (
            SELECT matched.*, GREATEST({probability}) AS p FROM (
                SELECT i.system_version, i.received_at,
                    (SELECT d.u FROM sampling_draw d WHERE d.item_id = i.id ORDER BY d.id LIMIT 1) AS u
                    {"".join(columns)}
                FROM sampling_item i
                WHERE i.project_id = %s AND (%s::timestamptz IS NULL OR i.received_at >= %s) AND i.received_at < %s
            ) matched
        ) offered
        GROUP BY GROUPING SETS ((), (system_version))
        ORDER BY 1 DESC, 4 DESC, 2 LIMIT %s
    """  # noqa: S608 — conditions come with parameters, names are counted
    values = [*drawn_by_rule, *rates, *params, project_id, start, start, end, 1 + MAX_SEGMENTS]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [
            _Counts(row[1], row[2], _draws(row[3], row[4], row[5]), list(zip(row[6::2], row[7::2], strict=True)))
            for row in cursor.fetchall()
        ]


def _draws(n_items: int, expected: float, drawn: int) -> Draws:
    low, high = wilson(expected / 2, expected) if expected > 0 else (0.0, 0.0)
    return Draws(n_items, expected, drawn, (high - low) / 2 if expected > 0 else None)
