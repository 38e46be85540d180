"""From stored rows to what a rate is computed from: all traffic by cell, and the drawn items one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection

from annotations.labels.combine import combine_answers
from annotations.quality.asked import Window
from annotations.rubrics.questions import is_positive
from sampling.plans.filters_sql import SqlCondition
from sampling.plans.segments import segment_sql

PASS, FAIL, UNPARSED, UNSCORED = range(4)
CELLS = ("pass", "fail", "unparsed", "unscored")
DAY = "(i.received_at AT TIME ZONE 'UTC')::date::text"

_VERDICT = """
LEFT JOIN LATERAL (SELECT v.answers FROM annotations_verdict v
    WHERE v.item_id = i.id AND v.judge_version_id = %s AND v.superseded_by_id IS NULL) v ON TRUE
"""
_TRAFFIC = """
SELECT {part}, v.answers -> %s, v.answers IS NOT NULL, EXISTS (SELECT FROM annotations_verdict u
        WHERE u.item_id = i.id AND u.judge_version_id = %s AND u.superseded_by_id IS NULL),
    count(*), sum(1 / COALESCE(i.sampling_probability, 1)), sum(1 / COALESCE(i.sampling_probability, 1) ^ 2),
    count(*) FILTER (WHERE i.sampling_probability IS NULL)
FROM sampling_item i {verdict}
WHERE {condition}
GROUP BY 1, 2, 3, 4
"""
_SESSIONS = """
SELECT count(DISTINCT i.session_ref) + count(*) FILTER (WHERE i.session_ref IS NULL), count(DISTINCT i.session_ref)
FROM sampling_item i WHERE {condition}
"""
_DRAWN = """
SELECT i.id, date_trunc('hour', i.received_at), d.probability, i.sampling_probability, i.session_ref, {part},
    v.answers -> %s, v.answers IS NOT NULL, EXISTS (SELECT FROM annotations_verdict u
        WHERE u.item_id = i.id AND u.judge_version_id = %s AND u.superseded_by_id IS NULL),
    ARRAY(SELECT b.answers -> %s FROM annotations_label b WHERE b.project_id = i.project_id AND b.item_id = i.id
          AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL AND NOT b.surplus AND b.source <> 'gold'
          AND b.answers ? %s ORDER BY b.id),
    (SELECT a.answers -> %s FROM annotations_adjudication a
     WHERE a.item_id = i.id AND a.superseded_by_id IS NULL)
FROM sampling_item i
JOIN LATERAL (SELECT d.probability, d.selected FROM sampling_draw d WHERE d.item_id = i.id ORDER BY d.id DESC LIMIT 1) d
    ON d.selected
{verdict}
WHERE {condition}
ORDER BY i.id
"""


class CellCount(NamedTuple):
    """Items of one part of the traffic with one verdict: their number, and the sums of 1/π₁ and 1/π₁² upstream."""

    part: str | None
    verdict: int
    n: int
    weight: float
    square: float


@dataclass(frozen=True, slots=True)
class TrafficRows:
    """All items of a window by part and verdict; `n_units` counts sessions, items without one by themselves."""

    cells: list[CellCount]
    n_units: int
    has_sessions: bool
    n_unknown_upstream: int

    @property
    def n(self) -> int:
        """Items received."""
        return sum(cell.n for cell in self.cells)


class DrawnItem(NamedTuple):
    """One item that the draw selected: `outcome` is its resolution as pass (1) or fail (0), None without one.

    `n_labels` counts the labels it rests on; with labels and no outcome the item is unresolved.
    """

    item_id: int
    hour: datetime
    probability: float
    upstream: float | None
    session: str | None
    part: str | None
    verdict: int
    n_labels: int
    outcome: int | None


def part_sql(segment: str | None) -> SqlCondition:
    """Return the text that splits items: by a fact, by day, or not at all."""
    if segment is None:
        return SqlCondition("NULL::text", [])
    return SqlCondition(DAY, []) if segment == DAY else segment_sql(segment)


def read_traffic(
    window: Window, question: dict[str, Any], *, judge_version: int | None, segment: str | None
) -> TrafficRows:
    """Return all items of the window, counted by part and verdict."""
    part, condition = part_sql(segment), window.condition()
    cells: dict[tuple[str | None, int], list[float]] = {}
    unknown = 0
    with connection.cursor() as cursor:
        cursor.execute(
            _TRAFFIC.format(part=part.sql, verdict=_VERDICT, condition=condition.sql),
            [*part.params, question["key"], judge_version, judge_version, *condition.params],
        )
        for name, answer, parsed, scored, n, weight, square, n_unknown in cursor.fetchall():
            sums = cells.setdefault((name, verdict_code(question, answer, parsed=parsed, scored=scored)), [0, 0.0, 0.0])
            for index, number in enumerate((n, weight, square)):
                sums[index] += number
            unknown += n_unknown
        cursor.execute(_SESSIONS.format(condition=condition.sql), condition.params)
        units, sessions = cursor.fetchone()
    counts = [CellCount(name, verdict, int(n), w, q) for (name, verdict), (n, w, q) in sorted(cells.items(), key=str)]
    return TrafficRows(counts, int(units), bool(sessions), unknown)


def read_drawn(
    window: Window, question: dict[str, Any], *, judge_version: int | None, segment: str | None
) -> list[DrawnItem]:
    """Return the items that the draw selected, each with its last probability and what its labels came to."""
    part, condition = part_sql(segment), window.condition()
    key = question["key"]
    with connection.cursor() as cursor:
        cursor.execute(
            _DRAWN.format(part=part.sql, verdict=_VERDICT, condition=condition.sql),
            [*part.params, key, judge_version, key, key, key, judge_version, *condition.params],
        )
        rows = cursor.fetchall()
    return [
        DrawnItem(
            item_id=row[0],
            hour=row[1],
            probability=row[2],
            upstream=row[3],
            session=row[4],
            part=row[5],
            verdict=verdict_code(question, row[6], parsed=row[7], scored=row[8]),
            n_labels=len(row[9]),
            outcome=outcome_code(question, [row[10]] if row[10] is not None else row[9]),
        )
        for row in rows
    ]


def verdict_code(question: dict[str, Any], answer: str | None, *, parsed: bool, scored: bool) -> int:
    """Return the cell of a stored verdict: pass, fail, unparsed, or unscored where the judge did not say."""
    if not scored:
        return UNSCORED
    if not parsed:
        return UNPARSED
    if answer is None:  # the judge was not asked this question
        return UNSCORED
    return PASS if is_positive(question, orjson.loads(answer)) else FAIL


def outcome_code(question: dict[str, Any], labels: Sequence[Any]) -> int | None:
    """Return what the labels of an item come to: pass, fail, or nothing where they do not settle it."""
    given = [orjson.loads(each) if isinstance(each, str) else each for each in labels]
    if not given:
        return None
    answer = combine_answers(question, given, by_majority=True).answer
    return None if answer is None else int(bool(is_positive(question, answer)))
