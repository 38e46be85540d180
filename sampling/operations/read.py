"""Reading the counts: those that are stored, and the newest items beside them that are not counted yet.

Both are read by statements of their own, and each says how far the counting was when it looked; where it moved on in
between they are read again. So each item is in the figures exactly once, from the moment it is stored.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from django.db import connection

from sampling.operations.latencies import merged
from sampling.operations.tally import ALL, COLUMNS, HAPPENED, NUMBERS, ItemCount, Key, Tally, tally_items, tally_of

TAIL = 4000  # newest items that are counted while somebody waits
TOP = 50
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
# The most frequent values are chosen by an index alone; only their rows are read.
_VALUES = f"""
WITH state AS ({_STATE}), summed AS (
    SELECT d.value, sum(d.items) AS items, count(*) OVER () AS n FROM sampling_operationsday d
    WHERE {_WITHIN} GROUP BY d.value
), chosen AS (
    (SELECT * FROM summed ORDER BY items DESC, value LIMIT %(top)s)
    UNION SELECT * FROM summed WHERE value = ANY(%(also)s)
)
SELECT s.cursor, c.n, c.value, t.* FROM state s LEFT JOIN chosen c ON TRUE LEFT JOIN LATERAL (
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
        also = sorted({value for _, value, _ in fresh})
        asked = {**self._asked(field, wide), "split": days.first or date.min, "top": TOP, "also": also}
        with connection.cursor() as cursor:
            cursor.execute(_VALUES, asked)
            rows = cursor.fetchall()
        if rows[0][0] != self._tail.cursor:
            return None
        found = Values({}, {}, max(row[1] or 0 for row in rows) + len(set(also) - {row[2] for row in rows}))
        for _, _, value, late, *numbers, latencies in rows:
            if late is not None:
                tally = Tally(**dict(zip(NUMBERS, numbers, strict=True)), latency=merged(map(bytes, latencies or ())))
                (found.after if late else found.before)[value] = tally
        for day, value, tally in fresh:
            (found.after if days.holds(day) else found.before).setdefault(value, Tally()).merge(tally)
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
