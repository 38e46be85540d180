"""How fast people review, for plans to reckon with: counted from the labels of the queue."""

from datetime import datetime, timedelta

from django.db import connection

from reviewapp.accounts.models import Project
from sampling.plans.pace import ReviewPace

DAYS = 14
_DAY = timedelta(days=1)


def review_pace(*, project: Project, now: datetime) -> ReviewPace:
    """Return the pace of the last two weeks.

    A label's time is cut at the project's lease: what took longer was not looked at all the while. Sums of time need
    the mean, and not the median.
    """
    since = max(now - timedelta(days=DAYS), project.created_at)
    days = max((now - since) / _DAY, 1)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*), count(duration_ms),
                avg(LEAST(duration_ms, %s)) FILTER (WHERE duration_ms IS NOT NULL)::float8 / 1000
            FROM annotations_label
            WHERE project_id = %s AND created_at >= %s AND created_at <= %s AND source = 'queue'
                AND withdrawn_at IS NULL AND revision_reason = ''
            """,
            [project.lease_seconds * 1000, project.pk, since, now],
        )
        labels, timed, seconds = cursor.fetchone()
    return ReviewPace(days=days, labels_per_day=labels / days, seconds=seconds, n_timed=timed)
