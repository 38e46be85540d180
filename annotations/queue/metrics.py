"""The queue's metrics: seats by project and state, and what waits for an adjudicator."""

from collections.abc import Iterable

from django.db import connection
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from annotations.models.queue import Stage

_SEATS = """
SELECT p.slug, sum(c.open), sum(c.leased), sum(c.done)
FROM annotations_queuecounter c JOIN accounts_project p ON p.id = c.project_id
GROUP BY p.slug ORDER BY p.slug
"""

_ESCALATIONS = """
SELECT p.slug, count(DISTINCT e.item_id)
FROM annotations_escalation e
JOIN annotations_task t ON t.item_id = e.item_id AND t.stage = %s AND t.is_open
JOIN accounts_project p ON p.id = e.project_id
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


def open_escalations() -> Iterable[Metric]:
    """Return how many escalated items of each project wait for an adjudicator."""
    family = GaugeMetricFamily("open_escalations", "Escalated items that wait for an adjudicator.", labels=("project",))
    with connection.cursor() as cursor:
        cursor.execute(_ESCALATIONS, [Stage.ADJUDICATION])
        for slug, waiting in cursor.fetchall():
            family.add_metric([slug], float(waiting))
    return [family]
