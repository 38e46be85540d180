"""Counting what a plan would draw of the stored items: all of them and the largest segments, in one pass."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from sampling.item_ids import first_id_since
from sampling.plans.body import PlanBody
from sampling.plans.filters import parse_filter
from sampling.plans.filters_refs import as_stored
from sampling.plans.filters_sql import filter_sql

MAX_SEGMENTS = 50

# Which of many items are looked at depends on nothing but a hash of their ids: no rhythm of the traffic can meet it.
_CHOSEN = """
WITH chosen AS MATERIALIZED (
    SELECT id FROM sampling_item WHERE project_id = %s AND id >= %s AND abs(hashint8(id)::bigint) %% %s = 0
)
"""
_NUMBER = "(SELECT d.u FROM sampling_draw d WHERE d.item_id = i.id ORDER BY d.id LIMIT 1)"
_COUNT = "SELECT count(*) FROM sampling_item WHERE project_id = %s AND id >= %s"


class Window(NamedTuple):
    """The items received from `start` (the first, without one) up to `end`; of many of them one in `every`.

    Looking an item's random number up costs as much as the item, and only `exact` counts need it.
    """

    start: datetime | None
    end: datetime
    every: int = 1
    exact: bool = True


class RuleCount(NamedTuple):
    """How many items a rule matches, and how many of them its own rate would draw (0 unless exact)."""

    n_items: int
    drawn: int


class Count(NamedTuple):
    """What a plan would do with some items, one in `every` of which were looked at; sums are of those.

    `expected` is Σπ, `drawn` is 0 unless exact, `labels` is Σπ·overlap. With w = 1/s, s being what an upstream sampler
    kept (1 where unknown), and items of π = 0 left out as `uncovered`: `weight` is Σw, `squares` is Σw²/π.
    """

    segment: str | None
    first: datetime | None
    n_items: int
    expected: float
    drawn: int
    labels: float
    weight: float
    squares: float
    uncovered: int
    rules: list[RuleCount]


def thinned(project_id: int, window: Window, *, at_most: int) -> Window:
    """Return the window with so many items left out that about `at_most` remain to be looked at."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [project_id, first_id_since(window.start)])
        (there,) = cursor.fetchone()
    return window._replace(every=max(1, -(-there // at_most)), exact=False)


def count_draws(project_id: int, plan: PlanBody, window: Window, *, overlap: int) -> list[Count]:
    """Return the counts of all items, then of the largest segments. `overlap` holds where the plan names none."""
    matches, params = "", []
    rates, overlaps, rules = ["%s::float8"], [], ""
    rate_values: list[Any] = [plan.base_rate]
    overlap_values: list[Any] = []
    rule_values: list[Any] = []
    for index, rule in enumerate(plan.rules):
        condition = filter_sql(as_stored(parse_filter(rule.when), project_id=project_id))
        matches += f", ({condition.sql}) IS TRUE AS m{index}"
        params += condition.params
        rates.append(f"CASE WHEN m{index} THEN %s::float8 ELSE 0 END")
        rate_values.append(rule.rate)
        overlaps.append(f"CASE WHEN m{index} THEN %s::int END")
        overlap_values.append(rule.overlap)
        rules += f", count(*) FILTER (WHERE m{index}), count(*) FILTER (WHERE m{index} AND u < %s::float8)"
        rule_values.append(rule.rate)
    largest = f"GREATEST({', '.join(overlaps)})" if overlaps else "NULL"
    sql = f"""
        {_CHOSEN}
        SELECT GROUPING(system_version), system_version, min(received_at), count(*), COALESCE(sum(p), 0),
            count(*) FILTER (WHERE u < p), COALESCE(sum(p * o), 0), COALESCE(sum(w) FILTER (WHERE p > 0), 0),
            COALESCE(sum(w * w / NULLIF(p, 0)), 0), count(*) FILTER (WHERE p = 0) {rules}
        FROM (
            SELECT matched.*, GREATEST({", ".join(rates)}) AS p, COALESCE({largest}, %s::int) AS o FROM (
                SELECT i.system_version, i.received_at, 1 / COALESCE(i.sampling_probability, 1) AS w,
                    {_NUMBER if window.exact else "NULL::float8"} AS u
                    {matches}
                FROM chosen JOIN sampling_item i USING (id)
                WHERE (%s::timestamptz IS NULL OR i.received_at >= %s) AND i.received_at < %s
            ) matched
        ) offered
        GROUP BY GROUPING SETS ((), (system_version))
        ORDER BY 1 DESC, 4 DESC, 2 LIMIT %s
    """  # noqa: S608 — conditions come with parameters, names are counted
    values = [
        *(project_id, first_id_since(window.start), window.every),
        *rule_values,
        *rate_values,
        *overlap_values,
        plan.overlap or overlap,
        *params,
        *(window.start, window.start, window.end),
        1 + MAX_SEGMENTS,
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [_count(row[1:]) for row in cursor.fetchall()]


def _count(row: tuple[Any, ...]) -> Count:
    rules = [RuleCount(n_items, drawn) for n_items, drawn in zip(row[9::2], row[10::2], strict=True)]
    return Count._make((*row[:9], rules))
