"""Reading the counts: those that are stored, and the newest items beside them that are not counted yet.

Both are read by statements of their own, and each says how far the counting was when it looked; where it moved on in
between they are read again. So each item is in the figures exactly once, from the moment it is stored.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from django.core.cache import cache
from django.db import connection

from sampling.operations.latencies import merged
from sampling.operations.tally import ALL, COLUMNS, HAPPENED, NUMBERS, ItemCount, Key, Tally, tally_items, tally_of

TAIL = 4000  # newest items that are counted while somebody waits
TOP = 50
MANY_VALUES = 5_000  # of a field: which of them are the most frequent is then looked up once in TOP_SECONDS
TOP_SECONDS = 300
_TRIES = 5
_SUMS = ", ".join(f"sum(d.{name}){'::bigint' if name not in {'cost_usd', 'cost_square'} else ''}" for name in NUMBERS)

_STATE = "SELECT COALESCE((SELECT cursor FROM sampling_operationsstate WHERE project_id = %(project)s), 0) AS cursor"
_TAIL = f"""
WITH state AS ({_STATE})
SELECT s.cursor, i.* FROM state s LEFT JOIN LATERAL (
    SELECT {COLUMNS} FROM sampling_item i WHERE i.project_id = %(project)s AND i.id > s.cursor
    ORDER BY i.id LIMIT %(limit)s
) i ON TRUE
"""  # noqa: S608 — the names are ours
_WITHIN = (
    "d.project_id = %(project)s AND d.field = %(field)s"
    " AND (%(first)s::date IS NULL OR d.day >= %(first)s) AND (%(last)s::date IS NULL OR d.day <= %(last)s)"
)
# The most frequent values are chosen by an index alone; only their rows are read. Adding up all values is most of the
# work where there are many.
_TOP = f"""
SELECT d.value, count(*) OVER () FROM sampling_operationsday d WHERE {_WITHIN}
GROUP BY d.value ORDER BY sum(d.items) DESC, d.value LIMIT %(top)s
"""  # noqa: S608
_VALUES = f"""
WITH state AS ({_STATE})
SELECT s.cursor, c.value, t.* FROM state s LEFT JOIN unnest(%(values)s::text[]) c (value) ON TRUE LEFT JOIN LATERAL (
    SELECT d.day >= %(split)s, {_SUMS}, array_agg(d.latency) FILTER (WHERE d.latency IS NOT NULL)
    FROM sampling_operationsday d WHERE {_WITHIN} AND d.value = c.value GROUP BY 1
) t ON TRUE
"""  # noqa: S608
_DAYS = f"""
WITH state AS ({_STATE})
SELECT s.cursor, d.day, {", ".join(f"d.{name}" for name in NUMBERS)}, d.checks, d.latency
FROM state s LEFT JOIN sampling_operationsday d ON {_WITHIN} AND d.value = %(value)s
"""  # noqa: S608
Read = TypeVar("Read")
_SPAN = """
SELECT min(day), max(day) FROM sampling_operationsday WHERE project_id = %s AND field = ''
"""


class Days(NamedTuple):
    """Whole days (UTC), both included; open where None."""

    first: date | None = None
    last: date | None = None

    def holds(self, day: date) -> bool:
        """Tell whether a day is one of them."""
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)

    def before(self) -> "Days | None":
        """Return as many days right before these, None where they are open."""
        if self.first is None or self.last is None:
            return None
        length = self.last - self.first + timedelta(days=1)
        return Days(self.first - length, self.first - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Counted:
    """Tallies by day. `missing` tells that more items wait than are counted while somebody waits."""

    days: dict[date, Tally]
    missing: bool

    def whole(self, days: Days) -> Tally:
        """Return the tally of everything on these days."""
        whole = Tally()
        for day, tally in self.days.items():
            if days.holds(day):
                whole.merge(tally)
        return whole


class Tail:
    """The newest items, as far as they are not counted yet; read once for all fields of an answer."""

    def __init__(self, project_id: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_TAIL, {"project": project_id, "limit": TAIL + 1})
            rows = cursor.fetchall()
        self.cursor: int = rows[0][0]
        items = [ItemCount.of(row[1:]) for row in rows if row[1] is not None]
        self.missing = len(items) > TAIL
        self.tallies: dict[Key, Tally] = tally_items(items[:TAIL])


@dataclass(frozen=True, slots=True)
class Values:
    """Tallies of the most frequent values of a field, on some days and before them; `n_values` counts all there are."""

    before: dict[str, Tally]
    after: dict[str, Tally]
    n_values: int


class Counts:
    """What one answer reads of a project's counts, all of it as of one moment of the counting."""

    def __init__(self, project_id: int) -> None:
        self.project_id = project_id
        self._tail = Tail(project_id)

    def read(self, field: str, days: Days, *, value: str = ALL) -> Counted:
        """Return the counts of one value of a field by day; those of all items where neither is named."""
        return self._surely(lambda: self._days(field, days, value))

    def split(self, field: str, days: Days, *, before: Days | None = None) -> Values:
        """Return the counts of the most frequent values of a field on some days, and on those before them."""
        return self._surely(lambda: self._values(field, days, before))

    def _surely(self, read: Callable[[], Read | None]) -> Read:
        for _ in range(_TRIES):
            found = read()
            if found is not None:
                return found
            self._tail = Tail(self.project_id)
        raise RuntimeError("the counting moved on at every try to read it")

    def _days(self, field: str, days: Days, value: str) -> Counted | None:
        asked = {**self._asked(field, days), "value": value}
        with connection.cursor() as cursor:
            cursor.execute(_DAYS, asked)
            rows = cursor.fetchall()
        if rows[0][0] != self._tail.cursor:
            return None
        found = {row[1]: tally_of(row[2:]) for row in rows if row[1] is not None}
        for (day, name, each), tally in self._tail.tallies.items():
            if (name, each) == (field, value) and days.holds(day):
                found.setdefault(day, Tally()).merge(tally)
        return Counted(found, self._tail.missing)

    def _values(self, field: str, days: Days, before: Days | None) -> Values | None:
        wide = days if before is None else Days(before.first, days.last)
        fresh = [
            (day, value, tally)
            for (day, name, value), tally in self._tail.tallies.items()
            if name == field and wide.holds(day)
        ]
        top, n_values = self._top(field, wide)
        also = {value for _, value, _ in fresh}
        values = sorted(also.union(top))
        asked = {**self._asked(field, wide), "split": days.first or date.min, "values": values}
        with connection.cursor() as cursor:
            cursor.execute(_VALUES, asked)
            rows = cursor.fetchall()
        if rows[0][0] != self._tail.cursor:
            return None
        counted = {row[1] for row in rows if row[2] is not None}
        found = Values({}, {}, n_values + len(also - counted))
        for _, value, late, *numbers, latencies in rows:
            if late is not None:
                tally = Tally(**dict(zip(NUMBERS, numbers, strict=True)), latency=merged(map(bytes, latencies or ())))
                (found.after if late else found.before)[value] = tally
        for day, value, tally in fresh:
            (found.after if days.holds(day) else found.before).setdefault(value, Tally()).merge(tally)
        return found

    def _top(self, field: str, days: Days) -> tuple[list[str], int]:
        """Return the most frequent values, and how many there are; of very many those of some minutes ago.

        Their figures are read anew at each look.
        """
        key = f"operations-top:1:{self.project_id}:{field}:{days.first}:{days.last}"
        kept: tuple[list[str], int] | None = cache.get(key)
        if kept is not None:
            return kept
        with connection.cursor() as cursor:
            cursor.execute(_TOP, {**self._asked(field, days), "top": TOP})
            rows = cursor.fetchall()
        found = [row[0] for row in rows], int(rows[0][1]) if rows else 0
        if found[1] >= MANY_VALUES:
            cache.set(key, found, TOP_SECONDS)
        return found

    def _asked(self, field: str, days: Days) -> dict[str, Any]:
        return {"project": self.project_id, "field": field, "first": days.first, "last": days.last}

    def span(self) -> Days:
        """Return the first and the last day with items."""
        with connection.cursor() as cursor:
            cursor.execute(_SPAN, [self.project_id])
            first, last = cursor.fetchone()
        days = [day for day in (first, last, *(key[0] for key in self._tail.tallies)) if day is not None]
        return Days(min(days), max(days)) if days else Days()


def happened_between(start: datetime | None, end: datetime | None) -> tuple[str, list[Any]]:
    """Return the condition that an item `i` happened between two times, the second excluded, and its parameters."""
    return (
        f"(%s::timestamptz IS NULL OR {HAPPENED} >= %s) AND (%s::timestamptz IS NULL OR {HAPPENED} < %s)",
        [start, start, end, end],
    )
