"""A new project can take items at once."""

from sampling.models import PlanVersion


def test_a_project_without_a_plan_draws_everything(project):
    plan = PlanVersion.objects.get(project=project)
    assert (plan.version, plan.base_rate, plan.rules) == (0, 1.0, [])
