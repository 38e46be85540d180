"""How far each lane of the queue was reached, for figures that weight labels by 1/π and know no hours of arrival.

Urgent items are reached further than the others, so labels of theirs stand for fewer. Where no rule is urgent, or both
lanes are reached as far, this changes nothing.
"""

from typing import NamedTuple

from django.db import connection

from annotations.quality.asked import Window
from sampling.draws.lanes import urgent_sql
from sampling.plans.filters_sql import SqlCondition

_LANES = """
SELECT {urgent}, count(*), count(*) FILTER (WHERE EXISTS (
    SELECT FROM annotations_label b WHERE b.item_id = d.item_id AND b.withdrawn_at IS NULL
        AND b.superseded_by_id IS NULL AND NOT b.surplus AND b.source <> 'gold'))
FROM sampling_draw d JOIN sampling_item i ON i.id = d.item_id
WHERE d.selected AND d.plan_version_id IN (SELECT id FROM sampling_planversion WHERE project_id = %s)
    AND NOT EXISTS (SELECT FROM sampling_draw e WHERE e.item_id = d.item_id AND e.id > d.id
        AND e.raised_from IS NOT NULL) AND {condition}
GROUP BY 1
"""


class Reached(NamedTuple):
    """The share of the drawn items of a draw `d`'s lane that are labelled, as an expression; `even` if it is the same
    for all. `overall` is the share of both lanes."""

    share: SqlCondition
    even: bool
    overall: float = 1.0


def reached(window: Window) -> Reached:
    """Return how far the lanes of a window were reached. Lanes reached alike count as reached in full."""
    urgent, condition = urgent_sql(window.project_id), window.condition()
    lanes: dict[bool, tuple[int, int]] = {}
    if urgent.params:
        with connection.cursor() as cursor:
            cursor.execute(
                _LANES.format(urgent=urgent.sql, condition=condition.sql),
                [*urgent.params, window.project_id, *condition.params],
            )
            lanes = {is_urgent: (drawn, labelled) for is_urgent, drawn, labelled in cursor.fetchall()}
    shares = {is_urgent: labelled / drawn for is_urgent, (drawn, labelled) in lanes.items() if labelled}
    if len(set(shares.values())) < 2:  # of a lane without any label nothing can be weighted, and nothing is even
        return Reached(SqlCondition("1", []), even=not shares or len(shares) == len(lanes))
    overall = sum(labelled for _, labelled in lanes.values()) / sum(drawn for drawn, _ in lanes.values())
    case = f"CASE WHEN {urgent.sql} THEN %s::float8 ELSE %s::float8 END"
    return Reached(SqlCondition(case, [*urgent.params, shares[True], shares[False]]), even=False, overall=overall)
