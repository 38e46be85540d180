"""Counting what a plan would draw of the stored items: all of them and the largest segments, in one pass."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from sampling.item_ids import first_id_since
from sampling.plans.body import PlanBody
from sampling.plans.filters_facts import Fact
from sampling.plans.offered_sql import offered_sql
from sampling.plans.solution import Solution
from sampling.plans.strata import stratum_sql

MAX_SEGMENTS = 50

# Which of many items are looked at depends on nothing but a hash of their ids: no rhythm of the traffic can meet it.
_CHOSEN = """
WITH chosen AS MATERIALIZED (
    SELECT id FROM sampling_item WHERE project_id = %s AND id >= %s AND abs(hashint8(id)::bigint) %% %s = 0
)
"""
_RECEIVED = "(%s::timestamptz IS NULL OR i.received_at >= %s) AND i.received_at < %s"
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


class UrgentCount(NamedTuple):
    """How many items some urgent rule matches, and their Σπ and Σπ·overlap by the whole plan."""

    n_items: int
    expected: float
    labels: float


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
    urgent: UrgentCount
    rules: list[RuleCount]


def thinned(project_id: int, window: Window, *, at_most: int) -> Window:
    """Return the window with so many items left out that about `at_most` remain to be looked at."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [project_id, first_id_since(window.start)])
        (there,) = cursor.fetchone()
    return window._replace(every=max(1, -(-there // at_most)), exact=False)


def count_draws(
    project_id: int, plan: PlanBody, window: Window, *, overlap: int, solution: Solution | None = None
) -> list[Count]:
    """Return the counts of all items, then of the largest segments. `overlap` holds where the plan names none."""
    offered = offered_sql(plan, solution, project_id=project_id, overlap=overlap)
    rules = "".join(
        f", count(*) FILTER (WHERE m{index}), count(*) FILTER (WHERE m{index} AND u < %s::float8)"
        for index in range(len(plan.rules))
    )
    urgent = " OR ".join(f"m{index}" for index, rule in enumerate(plan.rules) if rule.urgent) or "FALSE"
    sql = f"""
        {_CHOSEN}
        SELECT GROUPING(system_version), system_version, min(received_at), count(*), COALESCE(sum(p), 0),
            count(*) FILTER (WHERE u < p), COALESCE(sum(p * o), 0), COALESCE(sum(w) FILTER (WHERE p > 0), 0),
            COALESCE(sum(w * w / NULLIF(p, 0)), 0), count(*) FILTER (WHERE p = 0), count(*) FILTER (WHERE {urgent}),
            COALESCE(sum(p) FILTER (WHERE {urgent}), 0), COALESCE(sum(p * o) FILTER (WHERE {urgent}), 0) {rules}
        FROM (
            SELECT matched.*, {offered.probability} AS p, {offered.overlap} AS o FROM (
                SELECT i.system_version, i.received_at, 1 / COALESCE(i.sampling_probability, 1) AS w,
                    {_NUMBER if window.exact else "NULL::float8"} AS u
                    {offered.matches}
                FROM chosen JOIN sampling_item i USING (id)
                WHERE {_RECEIVED}
            ) matched
        ) offered
        GROUP BY GROUPING SETS ((), (system_version))
        ORDER BY 1 DESC, 4 DESC, 2 LIMIT %s
    """  # noqa: S608 — conditions come with parameters, names are counted
    values = [
        *_chosen(project_id, window),
        *(rule.rate for rule in plan.rules),
        *offered.probability_params,
        *offered.overlap_params,
        *offered.match_params,
        *_received(window),
        1 + MAX_SEGMENTS,
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [_count(row[1:]) for row in cursor.fetchall()]


def count_strata(project_id: int, fact: Fact, window: Window) -> list[tuple[str | None, int]]:
    """Return how many items each value of a fact has (None: those without), the most frequent first."""
    stratum = stratum_sql(fact)
    sql = f"""
        {_CHOSEN}
        SELECT s, count(*) FROM (
            SELECT {stratum.sql} AS s FROM chosen JOIN sampling_item i USING (id) WHERE {_RECEIVED}
        ) split GROUP BY 1 ORDER BY 2 DESC, 1
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [*_chosen(project_id, window), *stratum.params, *_received(window)])
        return [(value, int(n)) for value, n in cursor.fetchall()]


def read_offered(
    project_id: int, plan: PlanBody, window: Window, *, overlap: int
) -> list[tuple[list[bool], list[str | None], float | None, int]]:
    """Return what a plan's rates are solved from, an item each: which rules match, its strata, what the judge says of
    it, and how many labels it would need."""
    offered = offered_sql(plan, None, project_id=project_id, overlap=overlap)
    rules = ", ".join(f"m{index}" for index in range(len(plan.rules)))
    strata = ", ".join(f"s{index}" for index in range(len(plan.targets)))
    sql = f"""
        {_CHOSEN}
        SELECT ARRAY[{rules}]::bool[], ARRAY[{strata}]::text[], {"q" if plan.uncertainty else "NULL"}, {offered.overlap}
        FROM (SELECT i.id {offered.matches} FROM chosen JOIN sampling_item i USING (id) WHERE {_RECEIVED}) matched
    """  # noqa: S608
    values = [
        *_chosen(project_id, window),
        *offered.overlap_params,
        *offered.match_params,
        *_received(window),
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _chosen(project_id: int, window: Window) -> list[Any]:
    return [project_id, first_id_since(window.start), window.every]


def _received(window: Window) -> list[Any]:
    return [window.start, window.start, window.end]


def _count(row: tuple[Any, ...]) -> Count:
    rules = [RuleCount(n_items, drawn) for n_items, drawn in zip(row[12::2], row[13::2], strict=True)]
    return Count._make((*row[:9], UrgentCount(*row[9:12]), rules))
