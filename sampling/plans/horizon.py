"""When unfinished work on an item is given up, and how much of it there is: asked of the stage that keeps the queue."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import Max
from django.utils.module_loading import import_string

from reviewapp.accounts.models import Project
from sampling.models import PlanVersion

COUNTED = 10_000


class Backlog(NamedTuple):
    """Open seats of a project's queue, tasks that the next day gives up if nobody does them (counted up to `COUNTED`),
    and those given up so far."""

    open: int
    next_day: int
    given_up: int


def horizon_of(project: Project) -> timedelta:
    """Return how long after the hour of its arrival an item is worked on: the project's days, and never less than its
    window is open, or what raises its probability would come too late."""
    plans = PlanVersion.objects.filter(project=project)
    hours = plans.aggregate(hours=Max("settle_hours"))["hours"] or 0
    return max(timedelta(days=project.horizon_days), timedelta(hours=hours))


def given_up_before(now: datetime, horizon: timedelta) -> datetime:
    """Return the time before whose hour items must have arrived for their work to be given up now.

    Whole hours, as the cells of arrival: all items of a cell are given up at once, whatever is known of them.
    """
    return (now - horizon).replace(minute=0, second=0, microsecond=0)


def read_backlog(project: Project, *, now: datetime) -> Backlog:
    """Return what waits in the project's queue, and what was and will be given up."""
    backlog: Backlog = import_string(settings.QUEUE_BACKLOG)(project=project, now=now)
    return backlog
