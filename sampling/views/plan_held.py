"""What holds now: the rates that past volume made of the plan, and how far a top-up by it is."""

from typing import Any

from reviewapp.accounts.access import Access
from reviewapp.accounts.roles import Action
from sampling.draws.top_up import find_top_up
from sampling.models import PlanVersion
from sampling.plans.body import PlanBody
from sampling.plans.rates import percent
from sampling.plans.solution import Solution
from sampling.views.plan_words import shown_targets


def held_rates(version: PlanVersion, plan: PlanBody) -> dict[str, Any]:
    """Return what the page says of the rates of the version in force, where past volume had a say in them."""
    if not version.solved:
        return {"held": None}
    solution = Solution.of_json(version.solved)
    return {
        "held": {
            "solution": solution,
            "base_rate": percent(plan.base_rate),
            "rules": [(rule.name, percent(rule.rate)) for rule in plan.rules],
            "targets": shown_targets(solution),
            "doubt": _doubt(plan, solution),
        }
    }


def _doubt(plan: PlanBody, solution: Solution) -> dict[str, str] | None:
    design = solution.uncertainty
    if design is None or plan.uncertainty is None:
        return None
    shares = {name: percent(round(design.probability(p), 4)) for name, p in (("sure", None), ("unsure", 0.5))}
    return {"fact": plan.uncertainty.fact, **shares}


def top_up_context(access: Access) -> dict[str, Any]:
    """Return the newest top-up and how far it is, for those who may begin one."""
    if not access.may(Action.EDIT_PLAN):
        return {"top_up_run": None}
    run = find_top_up(access.project.pk)
    return {"top_up_run": run, "top_up_percent": 100 * run.done // max(run.total, 1) if run else 0}
