"""Which days are compared, and the sample of each window: every item of a window as likely as any other."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from sampling.models import DriftBaseline
from sampling.operations.read import Days
from sampling.operations.roll_up import DAY_SAMPLE

AFTER_DAYS, BEFORE_DAYS = 7, 28  # whole weeks, so that weekdays are the same mix
MOST_ITEMS = 1500
ENOUGH = 50

_SPAN = "SELECT max(day), sum(items)::bigint FROM sampling_operationsday WHERE project_id = %s AND field = ''"
# Of a day of which not all items were kept, those below the largest number that was are a sample at that rate. The
# smallest of these rates holds for the whole window, so that no day weighs more than its items do. Of a conversation
# one item speaks: its turns are no independent evidence.
_SAMPLE = """
WITH kept AS (
    SELECT day, item_id, u, count(*) OVER w AS n, max(u) OVER w AS top FROM sampling_operationssample
    WHERE project_id = %(project)s AND day BETWEEN %(first)s AND %(last)s WINDOW w AS (PARTITION BY day)
), rate AS (
    SELECT COALESCE(min(top) FILTER (WHERE n >= %(day_sample)s), 1) AS u FROM kept
), one AS (
    SELECT DISTINCT ON (COALESCE(i.session_ref, 'item ' || i.id)) i.id, k.u
    FROM kept k CROSS JOIN rate JOIN sampling_item i ON i.id = k.item_id AND i.project_id = %(project)s
    WHERE k.u < rate.u OR rate.u = 1
    ORDER BY COALESCE(i.session_ref, 'item ' || i.id), k.u
)
SELECT id FROM one ORDER BY u LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Windows:
    """The days before, the days after, and the baseline that was set, if one was."""

    before: Days
    after: Days
    baseline: DriftBaseline | None


@dataclass(frozen=True, slots=True)
class Sample:
    """Ids of the sampled items of both windows."""

    before: list[int]
    after: list[int]


def find_baseline(project_id: int) -> DriftBaseline | None:
    """Return the baseline in force, None where the four weeks before are."""
    newest = DriftBaseline.objects.filter(project_id=project_id).order_by("-pk").first()
    return newest if newest is not None and newest.first_day is not None else None


def choose_windows(project_id: int) -> tuple[Windows | None, int]:
    """Return the last seven days with traffic and what they are compared with, and how many items are counted."""
    with connection.cursor() as cursor:
        cursor.execute(_SPAN, [project_id])
        last, counted = cursor.fetchone()
    if last is None:
        return None, 0
    after = Days(last - timedelta(days=AFTER_DAYS - 1), last)
    baseline = find_baseline(project_id)
    if baseline is not None:
        before = Days(baseline.first_day, baseline.last_day)
    else:
        end = last - timedelta(days=AFTER_DAYS)
        before = Days(end - timedelta(days=BEFORE_DAYS - 1), end)
    return Windows(before, after, baseline), counted


def draw_sample(project_id: int, days: Days) -> list[int]:
    """Return items of these days, each as likely as any other."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SAMPLE,
            {
                "project": project_id,
                "first": days.first,
                "last": days.last,
                "day_sample": DAY_SAMPLE,
                "most": MOST_ITEMS,
            },
        )
        return [row[0] for row in cursor.fetchall()]
