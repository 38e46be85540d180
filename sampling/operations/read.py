"""Reading the counts: those that are stored, and the newest items beside them that are not counted yet.

Both are read by statements of their own, and each says how far the counting was when it looked; where it moved on in
between they are read again. So each item is in the figures exactly once, from the moment it is stored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

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
_VALUES = f"""
WITH state AS ({_STATE}), summed AS (
    SELECT d.value, sum(d.items) AS items, count(*) OVER () AS n FROM sampling_operationsday d
    WHERE {_WITHIN} GROUP BY d.value
), chosen AS (
    (SELECT * FROM summed ORDER BY items DESC, value LIMIT %(top)s)
    UNION SELECT * FROM summed WHERE value = ANY(%(also)s)
)
SELECT s.cursor, c.n, c.value FROM state s LEFT JOIN chosen c ON TRUE
"""  # noqa: S608
_DAYS = f"""
WITH state AS ({_STATE})
SELECT s.cursor, d.day, d.value, {", ".join(f"d.{name}" for name in NUMBERS)}, d.checks, d.latency
FROM state s LEFT JOIN sampling_operationsday d ON {_WITHIN} AND d.value = ANY(%(values)s)
"""  # noqa: S608
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
    """Tallies of some values of a field, by day; `n_values` counts all values there are, also those left out.

    `missing` tells that more items wait to be counted than are counted while somebody waits.
    """

    days: dict[tuple[date, str], Tally]
    n_values: int
    missing: bool

    def by_value(self, days: Days) -> dict[str, Tally]:
        """Return a tally for each value, over these days."""
        return self._summed(((value, tally) for (day, value), tally in self.days.items() if days.holds(day)))

    def by_day(self, days: Days) -> dict[date, Tally]:
        """Return a tally for each day, over all values."""
        return self._summed(((day, tally) for (day, _), tally in self.days.items() if days.holds(day)))

    def whole(self, days: Days) -> Tally:
        """Return the tally of everything on these days."""
        whole = Tally()
        for (day, _), tally in self.days.items():
            if days.holds(day):
                whole.merge(tally)
        return whole

    @staticmethod
    def _summed(parts: Iterable[tuple[Any, Tally]]) -> dict[Any, Tally]:
        found: dict[Any, Tally] = {}
        for key, tally in parts:
            found.setdefault(key, Tally()).merge(tally)
        return found


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


class Counts:
    """What one answer reads of a project's counts, all of it as of one moment of the counting."""

    def __init__(self, project_id: int) -> None:
        self.project_id = project_id
        self._tail = Tail(project_id)

    def read(self, wanted: Sequence[tuple[str, Days]], *, values: Sequence[str] | None = None) -> list[Counted]:
        """Return the counts of each field over its days, of its most frequent values or of those named."""
        for _ in range(_TRIES):
            found = [self._read(field, days, values) for field, days in wanted]
            if all(each is not None for each in found):
                return [each for each in found if each is not None]
            self._tail = Tail(self.project_id)
        raise RuntimeError("the counting moved on at every try to read it")

    def _read(self, field: str, days: Days, values: Sequence[str] | None) -> Counted | None:
        fresh = {
            (day, value): tally
            for (day, name, value), tally in self._tail.tallies.items()
            if name == field and days.holds(day) and (values is None or value in values)
        }
        asked: dict[str, Any] = {"project": self.project_id, "field": field, "first": days.first, "last": days.last}
        n_values = 1
        chosen = list(values) if values is not None else [ALL]
        if field != ALL and values is None:
            also = sorted({value for _, value in fresh})
            with connection.cursor() as cursor:
                cursor.execute(_VALUES, {**asked, "top": TOP, "also": also})
                rows = cursor.fetchall()
            if rows[0][0] != self._tail.cursor:
                return None
            known = {row[2] for row in rows if row[2] is not None}
            n_values = max(row[1] or 0 for row in rows) + len(set(also) - known)
            chosen = sorted(known | set(also))
        with connection.cursor() as cursor:
            cursor.execute(_DAYS, {**asked, "values": chosen})
            rows = cursor.fetchall()
        if rows[0][0] != self._tail.cursor:
            return None
        stored = {(row[1], row[2]): tally_of(row[3:]) for row in rows if row[1] is not None}
        for key, tally in fresh.items():
            stored.setdefault(key, Tally()).merge(tally)
        return Counted(stored, n_values, self._tail.missing)

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
