"""What must always hold between tasks, leases, guards, labels and counters: checked nightly and by the tests.

The rules that one row can break are constraints of the database; these are the ones that span tables.
"""

from datetime import datetime
from typing import Any, NamedTuple

import structlog
from django.db import connection

from annotations.models.queue import GuardState, Stage
from annotations.queue.watermarks import BASE_LANE

log = structlog.get_logger(__name__)


class Violation(NamedTuple):
    """A broken rule and how many rows break it."""

    rule: str
    rows: int


RULES: dict[str, str] = {
    "a task's leases are counted": """
        SELECT count(*) FROM annotations_task t
        LEFT JOIN (SELECT task_id, count(*) AS n FROM annotations_lease WHERE project_id = %(project)s
                   GROUP BY task_id) l ON l.task_id = t.id
        WHERE t.project_id = %(project)s AND t.n_leases <> COALESCE(l.n, 0)""",
    "a task's labels are counted": """
        SELECT count(*) FROM annotations_task t
        LEFT JOIN (SELECT task_id, count(*) AS n FROM annotations_label
                   WHERE project_id = %(project)s AND NOT surplus AND task_id IS NOT NULL
                     AND withdrawn_at IS NULL AND superseded_by_id IS NULL
                   GROUP BY task_id) l ON l.task_id = t.id
        WHERE t.project_id = %(project)s AND t.stage <> %(evaluation)s AND t.n_labels <> COALESCE(l.n, 0)""",
    "an output's grades are counted": """
        SELECT count(*) FROM annotations_task t
        LEFT JOIN (SELECT g.task_id, count(*) AS n FROM annotations_evaluationgrade g
                   JOIN annotations_evaluation e ON e.id = g.evaluation_id AND e.project_id = %(project)s
                   WHERE NOT g.surplus AND g.superseded_by_id IS NULL
                   GROUP BY g.task_id) d ON d.task_id = t.id
        WHERE t.project_id = %(project)s AND t.stage = %(evaluation)s AND t.n_labels <> COALESCE(d.n, 0)""",
    "a task has at most the labels that were planned, and those that were asked for besides": """
        SELECT count(*) FROM annotations_task t
        JOIN (SELECT task_id, count(*) - count(x.label_id) AS planned, count(x.label_id) AS extra
              FROM annotations_label LEFT JOIN annotations_extralabel x ON x.label_id = id
              WHERE project_id = %(project)s AND NOT surplus AND task_id IS NOT NULL
                AND withdrawn_at IS NULL AND superseded_by_id IS NULL
              GROUP BY task_id) l ON l.task_id = t.id
        WHERE t.project_id = %(project)s AND (l.planned > t.need - t.extra OR l.extra > t.extra)""",
    "every lease has a leased guard with its token": """
        SELECT count(*) FROM annotations_lease l
        LEFT JOIN annotations_guard g ON g.task_id = l.task_id AND g.reviewer_id = l.reviewer_id
        WHERE l.project_id = %(project)s AND (g.task_id IS NULL OR g.state <> %(leased)s OR g.token <> l.token)""",
    "every leased guard has a lease": """
        SELECT count(*) FROM annotations_guard g
        LEFT JOIN annotations_lease l ON g.task_id = l.task_id AND g.reviewer_id = l.reviewer_id
        WHERE g.project_id = %(project)s AND g.state = %(leased)s AND l.task_id IS NULL""",
    "every active label of a person at a task has a guard that says so": """
        SELECT count(*) FROM annotations_label b
        LEFT JOIN annotations_guard g ON g.task_id = b.task_id AND g.reviewer_id = b.reviewer_id
        WHERE b.project_id = %(project)s AND b.task_id IS NOT NULL AND b.reviewer_id IS NOT NULL
          AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL
          AND (g.task_id IS NULL OR g.state <> CASE WHEN b.surplus THEN %(surplus)s ELSE %(labelled)s END)""",
    "golds are labelled as such, and nothing else is": """
        SELECT count(*) FROM annotations_label b JOIN annotations_task t ON t.id = b.task_id
        WHERE b.project_id = %(project)s AND (t.stage = %(gold)s) <> (b.source = 'gold')""",
    "a gold's item is asked of nobody in review": """
        SELECT count(*) FROM annotations_gold d
        JOIN annotations_task t ON t.item_id = d.item_id AND t.stage = %(stage)s
        WHERE d.project_id = %(project)s AND t.closed_reason IS NULL""",
    "a gold is open exactly while it is live": """
        SELECT count(*) FROM annotations_gold d JOIN annotations_task t ON t.id = d.task_id
        WHERE d.project_id = %(project)s AND (t.closed_reason IS NULL) <> (d.retired_at IS NULL)""",
    "no lane's watermark is above an open task": f"""
        SELECT count(*) FROM annotations_watermark w
        JOIN annotations_task t ON t.project_id = w.project_id AND t.stage = w.stage
            AND {BASE_LANE} = w.lane
        WHERE w.project_id = %(project)s AND t.is_open AND t.rank < w.rank""",  # noqa: S608 — an expression of ours
    "the counters are the sums": """
        SELECT count(*) FROM (
            SELECT COALESCE(sum(open), 0), COALESCE(sum(leased), 0), COALESCE(sum(done), 0)
            FROM annotations_queuecounter WHERE project_id = %(project)s AND stage = %(stage)s
            EXCEPT
            SELECT COALESCE(sum(need - n_leases - n_labels) FILTER (WHERE closed_reason IS NULL), 0),
                   COALESCE(sum(n_leases), 0), COALESCE(sum(n_labels), 0)
            FROM annotations_task WHERE project_id = %(project)s AND stage = %(stage)s) difference""",
}


def list_violations(project_id: int) -> list[Violation]:
    """Return the rules that a project's queue breaks; an empty list is the only good answer."""
    arguments = {
        "project": project_id,
        "stage": Stage.REVIEW,
        "gold": Stage.GOLD,
        "evaluation": Stage.EVALUATION,
        "leased": GuardState.LEASED,
        "labelled": GuardState.LABELLED,
        "surplus": GuardState.SURPLUS,
    }
    found = []
    with connection.cursor() as cursor:
        for rule, query in RULES.items():
            cursor.execute(query, arguments)
            rows = cursor.fetchone()[0]
            if rows:
                found.append(Violation(rule, rows))
    return found


def check_queue(payload: dict[str, Any], now: datetime) -> None:  # noqa: ARG001 — every job is called alike
    """Job `check_queue`: log each broken rule of a project's queue as an error, for the operator's alarm."""
    for violation in list_violations(payload["project_id"]):
        log.error("queue_invariant_broken", project_id=payload["project_id"], rule=violation.rule, rows=violation.rows)
