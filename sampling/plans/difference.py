"""What differs between two plans, in words, for the people who answer for them."""

from typing import NamedTuple

from reviewapp.words import counted
from sampling.plans.body import PlanBody, PlanRule, PlanTarget
from sampling.plans.filters import parse_filter
from sampling.plans.filters_words import filter_words
from sampling.plans.rates import percent


class Change(NamedTuple):
    """One thing that differs: how it was and how it is; None where there was or is no such thing."""

    what: str
    before: str | None
    after: str | None


def plan_difference(before: PlanBody, after: PlanBody) -> list[Change]:
    """Return the changes from one plan to another: rates first, then rules, then what changes no probability."""
    changes = [Change("Base rate", percent(before.base_rate), percent(after.base_rate))]
    old = {rule.name: rule for rule in before.rules}
    new = {rule.name: rule for rule in after.rules}
    for name in dict.fromkeys([*old, *new]):
        changes += _rule_changes(f"Rule “{name}”", old.get(name), new.get(name))
    changes += [
        *_target_changes(before, after),
        Change("Where a judge is unsure", _uncertainty(before), _uncertainty(after)),
        Change("Labels an item needs", _number(before.overlap), _number(after.overlap)),
        Change("Settle hours", str(before.settle_hours), str(after.settle_hours)),
        Change("Labels a day to aim at", _number(before.daily_target), _number(after.daily_target)),
        Change("Name", before.name or None, after.name or None),
    ]
    return [change for change in changes if change.before != change.after]


def target_words(target: PlanTarget) -> str:
    """Return what a target asks for, in words."""
    total = f", of {target.total_per_week:,} in all" if target.total_per_week else ""
    return f"at least {counted(target.labels_per_week, 'label')} a week of each{total}"


def _target_changes(before: PlanBody, after: PlanBody) -> list[Change]:
    old = {target.by: target_words(target) for target in before.targets}
    new = {target.by: target_words(target) for target in after.targets}
    return [Change(f"Target by {by}", old.get(by), new.get(by)) for by in dict.fromkeys([*old, *new])]


def _uncertainty(plan: PlanBody) -> str | None:
    wanted = plan.uncertainty
    if wanted is None:
        return None
    return f"{counted(wanted.labels_per_day, 'label')} a day by {wanted.fact}, {percent(wanted.floor)} of them evenly"


def rule_items(rule: PlanRule) -> str:
    """Return which items a rule is about, in words."""
    return " and ".join(filter_words(parse_filter(rule.when))) or "all items"


def _rule_changes(what: str, before: PlanRule | None, after: PlanRule | None) -> list[Change]:
    if before is None or after is None:
        return [Change(what, _rule(before), _rule(after))]
    return [
        Change(f"{what}, rate", percent(before.rate), percent(after.rate)),
        Change(f"{what}, items", rule_items(before), rule_items(after)),
        Change(f"{what}, labels an item needs", _number(before.overlap), _number(after.overlap)),
        Change(f"{what}, asked first", _yes(before), _yes(after)),
    ]


def _rule(rule: PlanRule | None) -> str | None:
    if rule is None:
        return None
    overlap = f", {counted(rule.overlap, 'label')} each" if rule.overlap else ""
    return f"{percent(rule.rate)} of: {rule_items(rule)}{overlap}{', asked first' if rule.urgent else ''}"


def _yes(rule: PlanRule) -> str:
    return "yes" if rule.urgent else "no"


def _number(number: int | None) -> str | None:
    return None if number is None else str(number)
