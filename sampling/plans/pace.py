"""How fast a project's people review: asked of the stage that keeps their labels."""

from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.utils.module_loading import import_string

from reviewapp.accounts.models import Project


class ReviewPace(NamedTuple):
    """What people did in the last `days` days, that of it which the project existed for.

    `seconds` is the mean time that a label took, over the `n_timed` labels whose time is known; None without any.
    """

    days: float
    labels_per_day: float
    seconds: float | None
    n_timed: int


def review_pace(project: Project, *, now: datetime) -> ReviewPace:
    """Return how many labels the project's people give in a day, and how long one takes them."""
    pace: ReviewPace = import_string(settings.REVIEW_PACE)(project=project, now=now)
    return pace
