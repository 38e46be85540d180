"""Counting labels for the pages: a person's own, by day, by person. Only active labels count."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate

from annotations.models import Label
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action


class DayCount(NamedTuple):
    """How many labels a day (UTC) brought."""

    day: date
    labels: int


class PersonCount(NamedTuple):
    """How many labels a person gave."""

    name: str
    labels: int


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def count_own_today(access: Access, *, now: datetime) -> int:
    """Return how many labels the person gave in the project since midnight UTC."""
    return count_own_since(access, since=_midnight(now))


def count_own_since(access: Access, *, since: datetime) -> int:
    """Return how many labels the person gave in the project since a moment."""
    require(access, Action.SEE_OWN_LABELS)
    return Label.objects.filter(
        project=access.project,
        reviewer=access.actor.user,
        created_at__gte=since,
        withdrawn_at__isnull=True,
        superseded_by__isnull=True,
    ).count()


def labels_by_day(access: Access, *, days: int, now: datetime) -> list[DayCount]:
    """Return the last days, today last, each with its labels: everybody's, or only one's own."""
    first = _midnight(now) - timedelta(days=days - 1)
    counted = dict(
        _seen_since(access, first).annotate(day=TruncDate("created_at")).values_list("day").annotate(Count("pk"))
    )
    return [DayCount(day, counted.get(day, 0)) for day in (first.date() + timedelta(days=n) for n in range(days))]


def labels_by_person(access: Access, *, days: int, now: datetime) -> list[PersonCount]:
    """Return who gave how many labels in the last days, most first."""
    require(access, Action.SEE_ALL_LABELS)
    first = _midnight(now) - timedelta(days=days - 1)
    counted = _seen_since(access, first).values_list("reviewer_name").annotate(n=Count("pk"))
    return [PersonCount(name, n) for name, n in counted.order_by("-n", "reviewer_name")[:50]]


def _seen_since(access: Access, since: datetime) -> QuerySet[Label]:
    labels = Label.objects.filter(
        project=access.project, created_at__gte=since, withdrawn_at__isnull=True, superseded_by__isnull=True
    )
    return labels if access.may(Action.SEE_ALL_LABELS) else labels.filter(reviewer=access.actor.user)
