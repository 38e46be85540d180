"""From stored rows to what a figure is computed from: all traffic by cell, and the drawn items one by one.

An item is drawn if a draw row says so. Its probability is that of its last draw row: every row has a higher one than
the row before, and none comes after the item's window.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from annotations.estimates.grading import Grading, grading_of
from annotations.models.queue import Lane, Stage
from annotations.quality.asked import Window
from sampling.draws.lanes import urgent_sql
from sampling.plans.filters_sql import SqlCondition
from sampling.plans.segments import segment_sql

DAY = "(i.received_at AT TIME ZONE 'UTC')::date::text"

_HAS_NEVER = """
SELECT EXISTS (SELECT FROM sampling_draw d JOIN sampling_planversion p ON p.id = d.plan_version_id
    WHERE p.project_id = %s AND d.probability = 0)
"""
_HAD_A_CHANCE = "EXISTS (SELECT FROM sampling_draw c WHERE c.item_id = i.id AND c.probability > 0)"
_NEVER = """
SELECT p.version, count(*), sum(1 / COALESCE(i.sampling_probability, 1))
FROM sampling_draw d JOIN sampling_planversion p ON p.id = d.plan_version_id JOIN sampling_item i ON i.id = d.item_id
WHERE p.project_id = %s AND d.probability = 0
    AND NOT EXISTS (SELECT FROM sampling_draw c WHERE c.item_id = d.item_id AND c.probability > 0) AND {condition}
GROUP BY 1 ORDER BY 1
"""
_VERDICT = """
LEFT JOIN annotations_verdict v ON v.item_id = i.id AND v.judge_version_id = %s AND v.superseded_by_id IS NULL
"""
_NO_VERDICT = "LEFT JOIN (SELECT NULL::bigint AS id, NULL::jsonb AS answers WHERE %s::bigint IS NOT NULL) v ON TRUE"
# Groups are few and the planner expects many: without room for them it would sort all items on disk. Of a project that
# was filled a moment ago it knows nothing, expects few items, and would go through all verdicts once for each.
_PLANNING = "SELECT set_config('work_mem', '128MB', true), set_config('enable_material', 'off', true)"
_TRAFFIC = """
SELECT {part}, date_bin('1 hour', i.received_at, '2000-01-01T00:00Z'),
    v.answers -> %s, v.answers IS NOT NULL, v.id IS NOT NULL,
    count(*), sum(1 / COALESCE(i.sampling_probability, 1)), sum(1 / COALESCE(i.sampling_probability ^ 2, 1)),
    count(*) FILTER (WHERE i.sampling_probability IS NULL)
FROM sampling_item i {verdict}
WHERE {condition} AND {chance}
GROUP BY 1, 2, 3, 4, 5
"""
_SESSIONS = """
SELECT count(DISTINCT i.session_ref) + count(*) FILTER (WHERE i.session_ref IS NULL)
FROM sampling_item i WHERE {condition} AND {chance}
"""
# What was given up at the horizon and opened again by hand stays in the lane of what was chosen: whether it is answered
# depends on somebody's choice, so its labels do not count here.
# Only a raised draw follows another. Hours are few and come as numbers, which cost less to read than dates.
_DRAWN = """
SELECT i.id, floor(extract(epoch FROM i.received_at) / 3600)::int,
    d.probability, i.sampling_probability, i.session_ref, {part},
    v.answers -> %s, v.answers IS NOT NULL, v.id IS NOT NULL,
    ARRAY(SELECT (b.answers -> %s)::text FROM annotations_label b WHERE b.item_id = i.id
          AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL AND NOT b.surplus AND b.source <> 'gold'
          AND b.answers ? %s ORDER BY b.id),
    (SELECT a.answers -> %s FROM annotations_adjudication a
     WHERE a.item_id = i.id AND a.superseded_by_id IS NULL),
    t.is_case, t.by_hand, {urgent}
FROM sampling_draw d
JOIN sampling_item i ON i.id = d.item_id
LEFT JOIN LATERAL (
    SELECT bool_or(stage = %s AND closed_reason IS NULL) AS is_case,
        bool_or(stage = %s AND mod(lane, 2) = mod(%s, 2)) AS by_hand
    FROM annotations_task WHERE item_id = i.id) t ON TRUE
{verdict}
WHERE d.selected AND d.plan_version_id IN (SELECT id FROM sampling_planversion WHERE project_id = %s)
    AND NOT EXISTS (SELECT FROM sampling_draw e WHERE e.item_id = d.item_id AND e.id > d.id
        AND e.raised_from IS NOT NULL) AND {condition}
ORDER BY i.id
"""


class CellCount(NamedTuple):
    """Items of one part of the traffic with one verdict: their number, and the sums of 1/π₁ and 1/π₁² upstream."""

    part: str | None
    verdict: int
    n: int
    weight: float
    square: float


class HourCount(NamedTuple):
    """The same for items that arrived within one hour."""

    part: str | None
    hour: datetime
    verdict: int
    n: int
    weight: float
    square: float


class NeverDrawn(NamedTuple):
    """Items that a plan version gave no chance at all (π = 0): no estimate speaks of them."""

    plan_version: int
    n: int
    weight: float


@dataclass(frozen=True, slots=True)
class TrafficRows:
    """All items of a window that could have been drawn, by part, hour of arrival and verdict, and those that could not.

    `n_units` counts sessions (items without one by themselves) where that was asked for, else items.
    """

    hours: list[HourCount]
    n_units: int
    n_unknown_upstream: int
    never: tuple[NeverDrawn, ...] = ()

    @property
    def cells(self) -> list[CellCount]:
        """The same without the hours."""
        sums: dict[tuple[str | None, int], list[float]] = {}
        for each in self.hours:
            total = sums.setdefault((each.part, each.verdict), [0, 0.0, 0.0])
            for index, number in enumerate((each.n, each.weight, each.square)):
                total[index] += number
        return [CellCount(*place, int(n), w, q) for place, (n, w, q) in sorted(sums.items(), key=str)]

    @property
    def n(self) -> int:
        """Items received that could have been drawn."""
        return sum(each.n for each in self.hours)

    @property
    def n_received(self) -> int:
        """Items received."""
        return self.n + sum(each.n for each in self.never)


class DrawnItem(NamedTuple):
    """One item that the draw selected: `outcome` is what its resolution counts, None without one.

    `n_labels` counts the labels it rests on. With labels and no outcome, or as an open case of the adjudicators'
    (`is_case`), the item is unresolved. `urgent` says in which lane of the queue it was served.
    """

    item_id: int
    hour: datetime
    probability: float
    upstream: float | None
    session: str | None
    part: str | None
    verdict: int
    n_labels: int
    outcome: float | None
    is_case: bool = False
    urgent: bool = False

    @property
    def is_unresolved(self) -> bool:
        """Whether people looked at the item without settling it."""
        return self.outcome is None and (self.n_labels > 0 or self.is_case)


def part_sql(segment: str | None) -> SqlCondition:
    """Return the text that splits items: by a fact, by day, or not at all."""
    if segment is None:
        return SqlCondition("NULL::text", [])
    return SqlCondition(DAY, []) if segment == DAY else segment_sql(segment)


def read_traffic(
    window: Window,
    question: dict[str, Any],
    *,
    judge_version: int | None,
    segment: str | None,
    grading: Grading | None = None,
    sessions: bool = False,
) -> TrafficRows:
    """Return all items of the window, counted by part, hour and verdict; with `sessions` those are counted, too."""
    graded = grading or grading_of(question)
    part, condition = part_sql(segment), window.condition()
    chance, never = _never(window, condition)
    sums: dict[tuple[str | None, datetime, int], list[float]] = {}
    unknown = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_PLANNING)
        cursor.execute(
            _TRAFFIC.format(part=part.sql, verdict=_verdict(judge_version), condition=condition.sql, chance=chance),
            [*part.params, question["key"], judge_version, *condition.params],
        )
        for name, hour, answer, parsed, scored, n, weight, square, n_unknown in cursor.fetchall():
            total = sums.setdefault((name, hour, graded.code(answer, parsed=parsed, scored=scored)), [0, 0.0, 0.0])
            for index, number in enumerate((n, weight, square)):
                total[index] += number
            unknown += n_unknown
        hours = [HourCount(*place, int(n), w, q) for place, (n, w, q) in sums.items()]
        units = sum(each.n for each in hours)
        if sessions:
            cursor.execute(_SESSIONS.format(condition=condition.sql, chance=chance), condition.params)
            (units,) = cursor.fetchone()
    return TrafficRows(hours, int(units), unknown, never)


def read_drawn(
    window: Window,
    question: dict[str, Any],
    *,
    judge_version: int | None,
    segment: str | None,
    grading: Grading | None = None,
) -> list[DrawnItem]:
    """Return the items that the draw selected, each with its last probability and what its labels came to."""
    graded = grading or grading_of(question)
    part, condition, urgent = part_sql(segment), window.condition(), urgent_sql(window.project_id)
    key = question["key"]
    with connection.cursor() as cursor:
        cursor.execute(
            _DRAWN.format(part=part.sql, verdict=_verdict(judge_version), condition=condition.sql, urgent=urgent.sql),
            [
                *(*part.params, key, key, key, key, *urgent.params),
                *(Stage.ADJUDICATION, Stage.REVIEW, Lane.CHOSEN, judge_version, window.project_id),
                *condition.params,
            ],
        )
        rows = cursor.fetchall()
    hours = {row[1]: datetime.fromtimestamp(row[1] * 3600, UTC) for row in rows}
    return [
        DrawnItem._make(
            (
                item_id,
                hours[hour],
                *facts,
                graded.code(verdict, parsed=parsed, scored=scored),
                0 if by_hand else len(labels),
                None if by_hand else graded.outcome(labels if decided is None else (decided,)),
                bool(is_case),
                is_urgent,
            )
        )
        for item_id, hour, *facts, verdict, parsed, scored, labels, decided, is_case, by_hand, is_urgent in rows
    ]


def _verdict(judge_version: int | None) -> str:
    return _NO_VERDICT if judge_version is None else _VERDICT


def _never(window: Window, condition: SqlCondition) -> tuple[str, tuple[NeverDrawn, ...]]:
    """Return the condition that an item had a chance, and the items that had none. Most projects have no such item."""
    with connection.cursor() as cursor:
        cursor.execute(_HAS_NEVER, [window.project_id])
        if not cursor.fetchone()[0]:
            return "TRUE", ()
        cursor.execute(_NEVER.format(condition=condition.sql), [window.project_id, *condition.params])
        return _HAD_A_CHANCE, tuple(NeverDrawn._make(row) for row in cursor.fetchall())
