"""The story of a rollout: what was told as it happened, the work of each day, and the versions that came meanwhile."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from django.db import connection

from annotations.models import Rollout

WORK = 120
MADE = 60
EVENTS = 200
NAMES = 4
Where = Literal["items", "shadow", "evaluation", ""]

# Each kind of work: a row per person and day. What the gates pass over (gold, surplus, undone, assisted) is not told.
_WORK = """
WITH work AS (
    SELECT 'labels' AS kind, (b.created_at AT TIME ZONE 'UTC')::date AS day, b.reviewer_name AS who,
        count(*) AS n, min(b.created_at) AS first, max(b.created_at) AS last
    FROM annotations_label b JOIN sampling_item i ON i.id = b.item_id AND i.system_version = %(version)s
    WHERE b.project_id = %(project)s AND b.withdrawn_at IS NULL AND NOT b.surplus AND b.source <> 'gold'
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT 'decisions', (d.received_at AT TIME ZONE 'UTC')::date, f.name, count(*), min(d.received_at),
        max(d.received_at)
    FROM annotations_decision d JOIN annotations_decisionfeed f ON f.id = d.feed_id
    JOIN sampling_itemkey k ON k.project_id = d.project_id AND k.external_id = d.external_id
    JOIN sampling_item i ON i.id = k.item_id AND i.system_version = %(version)s
    WHERE d.project_id = %(project)s AND NOT d.assisted GROUP BY 1, 2, 3
    UNION ALL
    SELECT 'adjudications', (a.created_at AT TIME ZONE 'UTC')::date, u.username, count(*), min(a.created_at),
        max(a.created_at)
    FROM annotations_adjudication a JOIN accounts_user u ON u.id = a.adjudicator_id
    JOIN sampling_item i ON i.id = a.item_id AND i.system_version = %(version)s
    WHERE a.project_id = %(project)s GROUP BY 1, 2, 3
    UNION ALL
    SELECT 'rulings', (r.created_at AT TIME ZONE 'UTC')::date, u.username, count(*), min(r.created_at),
        max(r.created_at)
    FROM annotations_shadowruling r JOIN accounts_user u ON u.id = r.ruled_by_id
    JOIN sampling_item i ON i.id = r.item_id AND i.system_version = %(version)s
    WHERE r.project_id = %(project)s GROUP BY 1, 2, 3
)
SELECT kind, max(last), sum(n)::bigint, count(*), (array_agg(who ORDER BY n DESC, who))[1:%(names)s],
    min(min(first)) OVER (PARTITION BY kind) = min(first)
FROM work GROUP BY kind, day ORDER BY day DESC, kind LIMIT %(limit)s
"""
_MADE = """
SELECT * FROM (
    SELECT 'rubric' AS kind, r.created_at AS at, 'Rubric, version ' || r.version AS text, u.username, NULL::bigint
    FROM annotations_rubricversion r LEFT JOIN accounts_user u ON u.id = r.created_by_id
    WHERE r.project_id = %(project)s
    UNION ALL
    SELECT 'plan', p.created_at, 'Plan, version ' || p.version, u.username, NULL
    FROM sampling_planversion p LEFT JOIN accounts_user u ON u.id = p.created_by_id
    WHERE p.project_id = %(project)s AND p.version > 0 AND p.revises IS NULL
    UNION ALL
    SELECT 'judge', v.created_at, 'Judge ' || j.name || ', version ' || v.version, u.username, NULL
    FROM annotations_judgeversion v JOIN annotations_judge j ON j.id = v.judge_id
    LEFT JOIN accounts_user u ON u.id = v.created_by_id
    WHERE j.project_id = %(project)s
    UNION ALL
    SELECT 'evaluation', e.ended_at, 'Evaluated over ' || d.name || ', version ' || dv.version, u.username, e.id
    FROM annotations_evaluation e JOIN annotations_datasetversion dv ON dv.id = e.version_id
    JOIN annotations_dataset d ON d.id = dv.dataset_id LEFT JOIN accounts_user u ON u.id = e.created_by_id
    WHERE e.project_id = %(project)s AND e.system_version = %(version)s AND e.state = 'done'
) made WHERE at >= %(since)s ORDER BY at DESC LIMIT %(limit)s
"""
_WORDS = {
    "labels": ("label", "labels", "by"),
    "decisions": ("decision of people", "decisions of people", "from"),
    "adjudications": ("answer of record", "answers of record", "by"),
    "rulings": ("ruling on who was right", "rulings on who was right", "by"),
}
_WHERE: dict[str, Where] = {"decisions": "shadow", "rulings": "shadow", "evaluation": "evaluation"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: when, what, by whom and why, and where its rows can be seen.

    The work of a day is one line, at the time of the last of it: `is_day` says that only the day is meant.
    """

    at: datetime
    kind: str
    text: str
    by: str = ""
    reason: str = ""
    is_day: bool = False
    where: Where = ""
    ref: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the line as a report carries it."""
        return {
            "at": self.at.date().isoformat() if self.is_day else self.at.isoformat(),
            "kind": self.kind,
            "text": self.text,
            "by": self.by or None,
            "reason": self.reason,
        }


class Worked(NamedTuple):
    """What was done of one kind on one day: how much, by how many, and whether it was the first of its kind."""

    kind: str
    last: datetime
    n: int
    people: int
    names: list[str]
    is_first: bool


def story_of(rollout: Rollout) -> list[Line]:
    """Return the lines of a rollout, newest first: the newest of each kind, as many as anybody reads."""
    lines = [*_told(rollout), *_worked(rollout), *_made(rollout)]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _told(rollout: Rollout) -> list[Line]:
    events = rollout.events.select_related("by").order_by("-pk")[:EVENTS]
    return [
        Line(
            event.at,
            event.kind,
            event.text,
            by=event.by.username if event.by else "",
            reason=event.detail.get("reason", ""),
        )
        for event in events
    ]


def _worked(rollout: Rollout) -> list[Line]:
    asked: dict[str, Any] = {
        "project": rollout.project_id,
        "version": rollout.system_version,
        "names": NAMES,
        "limit": WORK,
    }
    with connection.cursor() as cursor:
        cursor.execute(_WORK, asked)
        return [_work_line(Worked(*row)) for row in cursor.fetchall()]


def _work_line(found: Worked) -> Line:
    kind, last, n, people, names, is_first = found
    one, many, by = _WORDS[kind]
    more = people - len(names)
    whom = ", ".join(names) + (f" and {more} more" if more else "")
    first = "The first: " if is_first else ""
    text = f"{first}{n:,} {one if n == 1 else many} {by} {whom}"
    return Line(last, kind, text, is_day=True, where=_WHERE.get(kind, "items"))


def _made(rollout: Rollout) -> list[Line]:
    asked: dict[str, Any] = {
        "project": rollout.project_id,
        "version": rollout.system_version,
        "since": rollout.created_at,
        "limit": MADE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MADE, asked)
        return [
            Line(at, kind, text, by=by or "", where=_WHERE.get(kind, ""), ref=ref)
            for kind, at, text, by, ref in cursor.fetchall()
        ]
