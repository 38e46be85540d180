"""Offering an item to a plan: with what probability it is drawn, whether it is, and why.

One number u decides for the base rate and all rules together, so the union of overlapping rules is exactly their
maximum: drawn if u < max(base rate, rates of the rules that match).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sampling.models import PlanVersion
from sampling.plans.filters import parse_filter
from sampling.plans.filters_match import Matcher, compile_filter
from sampling.plans.filters_refs import with_hashed_refs

BASE = "base"


class Offer(NamedTuple):
    """What a plan said of an item.

    `reasons` are the names of all rules that match, drawn or not, and "base" where the base rate alone draws it.
    `overlap` is the largest of the matching rules' own, else the plan's; None leaves it to the project.
    """

    u: float
    probability: float
    selected: bool
    reasons: list[str]
    overlap: int | None


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    matches: Matcher
    rate: float
    overlap: int | None


@dataclass(frozen=True, slots=True)
class CompiledPlan:
    """A plan version ready to be offered items."""

    id: int
    version: int
    base_rate: float
    overlap: int | None
    rules: tuple[_Rule, ...]

    def offer(self, facts: Mapping[str, Any], *, u: float) -> Offer:
        """Return what the plan says of an item with these facts and this permanent random number."""
        probability, overlap = self.base_rate, None
        reasons = []
        for rule in self.rules:
            if rule.matches(facts):
                reasons.append(rule.name)
                probability = max(probability, rule.rate)
                overlap = max(overlap or 0, rule.overlap) if rule.overlap else overlap
        if u < self.base_rate:
            reasons.append(BASE)
        return Offer(u, probability, u < probability, reasons, overlap or self.overlap)


@lru_cache(maxsize=256)
def compiled_plan(plan_id: int) -> CompiledPlan:
    """Return a plan version compiled; kept in memory, because a version never changes."""
    row = PlanVersion.objects.select_related("project").get(pk=plan_id)
    salt = row.project.sampling_salt
    rules = tuple(
        _Rule(
            name=rule["name"],
            matches=compile_filter(with_hashed_refs(parse_filter(rule["when"], path="when"), salt=salt)),
            rate=rule["rate"],
            overlap=rule.get("overlap"),
        )
        for rule in row.rules
    )
    return CompiledPlan(row.pk, row.version, row.base_rate, row.overlap, rules)
