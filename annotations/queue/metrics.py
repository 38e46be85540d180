"""The queue's metrics: seats by project and state."""

from collections.abc import Iterable

from django.db import connection
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

_SEATS = """
SELECT p.slug, sum(c.open), sum(c.leased), sum(c.done)
FROM annotations_queuecounter c JOIN accounts_project p ON p.id = c.project_id
GROUP BY p.slug ORDER BY p.slug
"""


def seats() -> Iterable[Metric]:
    """Return how many seats of each project's review tasks are open, leased and done."""
    family = GaugeMetricFamily(
        "queue_seats", "Seats of review tasks: a task has as many as it needs labels.", labels=("project", "state")
    )
    with connection.cursor() as cursor:
        cursor.execute(_SEATS)
        for slug, *counts in cursor.fetchall():
            for state, count in zip(("open", "leased", "done"), counts, strict=True):
                family.add_metric([slug, state], float(count))
    return [family]
