"""Which lane of the queue a draw belongs to: the urgent one where a rule matched that is for urgent items.

By whatever rate an item was drawn: had the lane to do with its random number, ranks within a lane would not be a matter
of chance any longer. So of every item offered, drawn or not, the facts alone say which lane it is of.
"""

from sampling.models import PlanVersion
from sampling.plans.filters_sql import SqlCondition

_URGENT = """
EXISTS (SELECT FROM unnest(%s::bigint[], %s::text[]) AS r (plan, name)
        WHERE r.plan = d.plan_version_id AND r.name = ANY(d.reasons))
"""


def urgent_sql(project_id: int) -> SqlCondition:
    """Return the condition that a draw `d` of the project is of the urgent lane."""
    plans = PlanVersion.objects.filter(project_id=project_id, rules__contains=[{"urgent": True}]).order_by("pk")
    urgent = [(plan.pk, rule["name"]) for plan in plans for rule in plan.rules if rule.get("urgent")]
    if not urgent:
        return SqlCondition("FALSE", [])
    return SqlCondition(_URGENT, [[plan for plan, _ in urgent], [name for _, name in urgent]])
