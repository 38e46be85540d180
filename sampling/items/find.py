"""Finding a project's items: by a filter, by words, in the order of their arrival, within a budget.

Items are looked at one by one from the newest on, which finds what is frequent at once. What the index of words can
narrow down is then asked of the index. Neither is ever allowed to take long: a page may end before it is full and say
how far it looked, and the next one goes on from there.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import orjson
from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from sampling.items.terms import filter_terms
from sampling.items.text_query import TextQuery
from sampling.plans.filters import EVERYTHING, AllOf, Filter, Test
from sampling.plans.filters_refs import as_stored
from sampling.plans.filters_sql import SqlCondition, filter_sql

_FIRST_STEP, _LONGEST_STEP = 2_000, 100_000
_INDEX_MS = 250
_MANY = 100_000  # hits of the index that are not even begun with: what is that frequent is found by looking


class Budget(NamedTuple):
    """How many items are looked at one by one at least, and how many seconds there are for more."""

    items: int
    seconds: float


PAGE = Budget(items=4_000, seconds=0.15)
PROGRAM = Budget(items=50_000, seconds=2.0)


@dataclass(frozen=True, slots=True)
class Search:
    """Which items of a project are meant."""

    project_id: int
    where: Filter = EVERYTHING
    text: TextQuery | None = None

    @property
    def is_everything(self) -> bool:
        """Tell whether nothing is asked."""
        return self.where == EVERYTHING and self.text is None


class Found(NamedTuple):
    """Ids in the order asked for, and from behind which id the search goes on (None: there is no more).

    `searched` counts the items that were looked at one by one; `full` tells a full page from a budget used up.
    """

    ids: list[int]
    next: int | None
    searched: int
    full: bool


def find_items(
    search: Search, *, behind: int | None = None, limit: int, upwards: bool = False, budget: Budget = PAGE
) -> Found:
    """Return up to `limit` items, the newest first, from behind an id; upwards, the oldest first of those after it."""
    stored = replace(search, where=as_stored(search.where, project_id=search.project_id))
    return _Finder(stored, limit, upwards, budget).run(behind)


def iterate_items(search: Search, *, batch: int = 500) -> Iterator[list[int]]:
    """Yield the ids of all items that are meant, the newest first, in lists of at most `batch`."""
    behind: int | None = None
    while True:
        found = find_items(search, behind=behind, limit=batch, budget=PROGRAM)
        if found.ids:
            yield found.ids
        if found.next is None:
            return
        behind = found.next


class _Finder:
    """One search under way."""

    def __init__(self, search: Search, limit: int, upwards: bool, budget: Budget) -> None:  # noqa: FBT001
        self.search, self.limit, self.budget = search, limit, budget
        self.beyond, self.order, self.edge = (">", "ASC", "max") if upwards else ("<", "DESC", "min")
        self.upwards = upwards
        self.condition = matching(search)
        self.ids: list[int] = []
        self.searched = 0

    def run(self, behind: int | None) -> Found:
        """Search from behind an id."""
        if self.search.is_everything:
            return self._all_of(self._matches(behind, None))
        named = _external_ids(self.search.where)
        return self._walk(behind) if named is None else self._all_of(self._named(named, behind))

    def _walk(self, behind: int | None) -> Found:
        started, step = time.monotonic(), _FIRST_STEP
        indexed = indexed_query(self.search)
        while True:
            edge, count = self._window(behind, step)
            if count:
                self.ids += self._matches(behind, edge)
                self.searched += count
                behind = edge
            if len(self.ids) > self.limit or count < step:
                return self._all_of([])
            if indexed is not None and self._is_indexed_from(behind):
                hits = self._from_index(indexed, behind) if count_estimated(indexed) <= _MANY else None
                indexed = None
                if hits is not None:
                    return self._all_of(hits)
            spent = time.monotonic() - started
            if self.searched >= self.budget.items and spent >= self.budget.seconds:
                return Found(self.ids, behind, self.searched, full=False)
            left = max(self.budget.seconds - spent, 0)
            step = int(min(max(self.searched / max(spent, 1e-3) * left / 2, _FIRST_STEP), _LONGEST_STEP))

    def _all_of(self, hits: list[int]) -> Found:
        """Return what was found before and these hits, of which there were asked one more than fit."""
        self.ids += hits
        more = len(self.ids) > self.limit
        ids = self.ids[: self.limit]
        return Found(ids, ids[-1] if more else None, self.searched, full=True)

    def _window(self, behind: int | None, step: int) -> tuple[int | None, int]:
        """Return the last id of the next `step` items, and how many there are."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {self.edge}(id), count(*) FROM (SELECT id FROM sampling_item i"  # noqa: S608
                f" WHERE i.project_id = %s {self._range(behind, None).sql} ORDER BY id {self.order} LIMIT %s) w",
                [self.search.project_id, *self._range(behind, None).params, step],
            )
            edge, count = cursor.fetchone()
        return edge, count

    def _range(self, behind: int | None, edge: int | None) -> SqlCondition:
        parts, params = [], []
        if behind is not None:
            parts.append(f"AND i.id {self.beyond} %s")
            params.append(behind)
        if edge is not None:
            parts.append(f"AND i.id {'<=' if self.upwards else '>='} %s")
            params.append(edge)
        return SqlCondition(" ".join(parts), params)

    def _matches(self, behind: int | None, edge: int | None) -> list[int]:
        within = self._range(behind, edge)
        text = "LEFT JOIN sampling_itemtext t ON t.item_id = i.id" if self.search.text else ""
        return _ids(
            f"SELECT i.id FROM sampling_item i {text} WHERE i.project_id = %s {within.sql}"  # noqa: S608
            f" AND {self.condition.sql} ORDER BY i.id {self.order} LIMIT %s",
            [self.search.project_id, *within.params, *self.condition.params, self.limit + 1 - len(self.ids)],
        )

    def _named(self, names: list[str], behind: int | None) -> list[int]:
        within = self._range(behind, None)
        text = "LEFT JOIN sampling_itemtext t ON t.item_id = i.id" if self.search.text else ""
        return _ids(
            "SELECT i.id FROM sampling_itemkey k JOIN sampling_item i ON i.id = k.item_id"  # noqa: S608
            f" {text} WHERE k.project_id = %s AND k.external_id = ANY(%s) {within.sql} AND {self.condition.sql}"
            f" ORDER BY i.id {self.order} LIMIT %s",
            [self.search.project_id, names, *within.params, *self.condition.params, self.limit + 1],
        )

    def _is_indexed_from(self, behind: int | None) -> bool:
        """Tell whether all items that are still to come are in the index."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT min(first_id) FROM sampling_searchdue WHERE project_id = %s", [self.search.project_id]
            )
            (lowest,) = cursor.fetchone()
        return lowest is None or (not self.upwards and behind is not None and behind <= lowest)

    def _from_index(self, query: SqlCondition, behind: int | None) -> list[int] | None:
        """Return hits of the index, None where it takes too long: the words are in too many items."""
        within = self._range(behind, None)
        where = filter_sql(self.search.where)
        # Materialized and OFFSET 0, so that the index is asked first and then hit by hit from the newest on, whatever
        # the planner believes of the filter. The words have been found by now; they need no second look.
        return within_time(
            "WITH hit AS MATERIALIZED (SELECT item_id FROM sampling_itemtext WHERE project_id = %s"  # noqa: S608
            f" AND words @@ {query.sql}) SELECT i.id"
            f" FROM (SELECT item_id AS id FROM hit i ORDER BY item_id {self.order}) h"
            " CROSS JOIN LATERAL (SELECT i.id FROM sampling_item i"
            f" WHERE i.id = h.id {within.sql} AND {where.sql} OFFSET 0) i ORDER BY h.id {self.order} LIMIT %s",
            [
                self.search.project_id,
                *query.params,
                *within.params,
                *where.params,
                self.limit + 1 - len(self.ids),
            ],
        )


def matching(search: Search) -> SqlCondition:
    """Return the condition over `sampling_item i`, and `sampling_itemtext t` beside it where words are asked for."""
    where = filter_sql(search.where)
    if search.text is None:
        return where
    query = search.text.tsquery()
    return SqlCondition(
        f"({where.sql} AND COALESCE(t.words, search_words(i)) @@ {query.sql})", [*where.params, *query.params]
    )


def indexed_query(search: Search) -> SqlCondition | None:
    """Return the query for the index that finds exactly the words, and the filter or more; None where it cannot."""
    terms, text = filter_terms(search.where), search.text
    if text is None:
        return terms
    words = text.tsquery()
    if terms is None:
        return words if text.is_findable else None
    return SqlCondition(f"({terms.sql} && {words.sql})", [*terms.params, *words.params])


def count_estimated(query: SqlCondition) -> int:
    """Return how many items the planner expects a query of the index to find, in all projects; it takes no time."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"EXPLAIN (FORMAT JSON) SELECT 1 FROM sampling_itemtext WHERE words @@ {query.sql}",  # noqa: S608
            query.params,
        )
        (plan,) = cursor.fetchone()
    return int((orjson.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Plan Rows"])


def within_time(sql: str, params: list[Any]) -> list[int] | None:
    """Return the first column of a query, None where it would take too long."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            (before,) = cursor.fetchone()
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(_INDEX_MS)])
            cursor.execute(sql, params)
            rows = [row[0] for row in cursor.fetchall()]
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
            return rows
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            return None
        raise


def _ids(sql: str, params: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [row[0] for row in cursor.fetchall()]


def _external_ids(where: Filter) -> list[str] | None:
    """Return the external ids that a filter names, None where it names none: those are found by their key."""
    for part in where.parts if isinstance(where, AllOf) else (where,):
        if isinstance(part, Test) and part.fact.root == "external_id" and part.operator == "in":
            return [str(value) for value in part.values]
    return None
