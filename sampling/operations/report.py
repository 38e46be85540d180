"""The answer about operations: what all items of some days came to, by version, model, prompt, user and day."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from django.db import connection

from reviewapp.http.errors import FieldError, InvalidError
from sampling.operations.figures import CheckFigures, DayFigures, Figures, ValueFigures, check_figures, figures_of
from sampling.operations.movers import Mover, find_movers
from sampling.operations.read import TOP, Counts, Days, happened_between
from sampling.operations.tally import ALL, COLUMNS, FIELDS, ItemCount, Tally, tally_items
from sampling.plans.filters import EVERYTHING, Filter
from sampling.plans.filters_refs import as_stored
from sampling.plans.filters_sql import SqlCondition, filter_sql
from sampling.plans.segments import segment_sql

MAX_DIRECT = 200_000
THINNED = (
    "{} of the items came through a sampler upstream, or nobody knows whether they did: the figures count what was"
    " received."
)
WAITING = "More items are still being counted; the figures speak of those that are."


@dataclass(frozen=True, slots=True)
class Split:
    """The most frequent values of a field; `n_values` counts all there are."""

    field: str
    n_values: int
    values: list[ValueFigures]


@dataclass(frozen=True, slots=True)
class Report:
    """What the items of some days came to. `movers` compares with as many days before."""

    days: Days
    total: Figures
    by: list[Split]
    series: list[DayFigures]
    checks: list[CheckFigures]
    segment: Split | None = None
    movers: list[Mover] = field(default_factory=list)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """Which items are meant: when they happened, a filter, and the fact to split them by beside the usual ones."""

    project_id: int
    start: datetime | None = None
    end: datetime | None = None
    where: Filter = EVERYTHING
    segment: str | None = None

    def days(self) -> Days | None:
        """Return the whole days that are meant; None where the counts by day cannot tell."""
        ends = [each.astimezone(UTC) for each in (self.start, self.end) if each is not None]
        if self.where != EVERYTHING or any(each.time() != time() for each in ends):
            return None
        if self.segment is not None and self.segment not in FIELDS:
            return None
        return Days(
            None if self.start is None else self.start.astimezone(UTC).date(),
            None if self.end is None else self.end.astimezone(UTC).date() - timedelta(days=1),
        )


def get_report(asked: Asked, *, fields: Sequence[str] = FIELDS, movers: bool = True) -> Report:
    """Return what the items came to, from the counts by day where these can tell, else from the items one by one.

    Raises InvalidError where there can be no such segment, and where too many items would have to be looked at.
    """
    days = asked.days()
    return _from_counts(asked, days, fields, movers=movers) if days is not None else _from_items(asked, fields)


def _from_counts(asked: Asked, days: Days, fields: Sequence[str], *, movers: bool) -> Report:
    counts = Counts(asked.project_id)
    before = days.before() if movers else None
    names = [*fields, *([asked.segment] if asked.segment and asked.segment not in fields else [])]
    whole = counts.read(ALL, Days(before.first if before else days.first, days.last))
    parts = {name: counts.split(name, days, before=None if name == "user_ref" else before) for name in names}
    total = whole.whole(days)
    splits = [_split(name, each.after, each.n_values) for name, each in parts.items()]
    found: list[Mover] = []
    if before is not None:
        pairs = [(name, each.before, each.after) for name, each in parts.items() if name != "user_ref"]
        found = find_movers([(ALL, {ALL: whole.whole(before)}, {ALL: total}), *pairs])
    return Report(
        days=days,
        total=figures_of(total),
        by=[each for each in splits if each.field in fields],
        series=[DayFigures(day, figures_of(tally)) for day, tally in sorted(whole.days.items()) if days.holds(day)],
        checks=check_figures(total),
        segment=next((each for each in splits if each.field == asked.segment), None),
        movers=found,
        warnings=_warnings(total, waiting=whole.missing),
    )


def _from_items(asked: Asked, fields: Sequence[str]) -> Report:
    items, segments = _look_at(asked)
    tallies = tally_items(items)
    total, by_day = Tally(), {}
    by: dict[str, dict[str, Tally]] = {name: {} for name in fields}
    for (day, name, value), tally in tallies.items():
        if name == ALL:
            total.merge(tally)
            by_day[day] = tally
        elif name in by:
            by[name].setdefault(value, Tally()).merge(tally)
    parts: dict[str, Tally] = {}
    for item, part in zip(items, segments, strict=True):
        parts.setdefault(part or "", Tally()).add(item)
    return Report(
        days=Days(*((min(by_day), max(by_day)) if by_day else ())),
        total=figures_of(total),
        by=[_split(name, values, len(values)) for name, values in by.items()],
        series=[DayFigures(day, figures_of(tally)) for day, tally in sorted(by_day.items())],
        checks=check_figures(total),
        segment=_split(asked.segment, parts, len(parts)) if asked.segment else None,
        warnings=_warnings(total, waiting=False),
    )


def _look_at(asked: Asked) -> tuple[list[ItemCount], list[str | None]]:
    """Return the items that are meant and the segment of each."""
    part = segment_sql(asked.segment) if asked.segment else SqlCondition("NULL::text", [])
    where = filter_sql(as_stored(asked.where, project_id=asked.project_id))
    when, times = happened_between(asked.start, asked.end)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {part.sql}, {COLUMNS} FROM sampling_item i"  # noqa: S608 — values are parameters
            f" WHERE i.project_id = %s AND {when} AND {where.sql} LIMIT {MAX_DIRECT + 1}",
            [*part.params, asked.project_id, *times, *where.params],
        )
        rows = cursor.fetchall()
    if len(rows) > MAX_DIRECT:
        message = (
            f"More than {MAX_DIRECT:,} items would have to be looked at one by one. Ask for a shorter time, or for"
            " whole days (UTC) without a filter."
        )
        raise InvalidError(message, code="too_many_items", fields=(FieldError("where", message),))
    return [ItemCount.of(row[1:]) for row in rows], [row[0] for row in rows]


def _split(name: str, values: dict[str, Tally], n_values: int) -> Split:
    most = sorted(values.items(), key=lambda each: (-each[1].items, each[0]))[:TOP]
    return Split(name, n_values, [ValueFigures(value or None, figures_of(tally)) for value, tally in most])


def _warnings(total: Tally, *, waiting: bool) -> tuple[str, ...]:
    found = [thinned_words(total.thinned)] if total.thinned else []
    return (*found, *([WAITING] if waiting else []))


def thinned_words(n: int) -> str:
    """Return what is to be said where a sampler upstream had its way with some items first."""
    return THINNED.format(f"{n:,}")
