"""Offering an item to a plan: with what probability it is drawn, whether it is, and why.

One number u decides for the base rate and all rules together, so the union of overlapping rules is exactly their
maximum: drawn if u < max(base rate, rates of the rules that match).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from reviewapp.stats.sampling.uncertainty import UncertaintyDesign
from sampling.models import PlanVersion
from sampling.plans.body import UNCERTAINTY, target_name
from sampling.plans.filters import parse_filter
from sampling.plans.filters_facts import Fact
from sampling.plans.filters_match import Matcher, compile_filter
from sampling.plans.filters_refs import with_hashed_refs
from sampling.plans.solution import Solution, SolvedTarget
from sampling.plans.strata import check_probability_fact, check_stratum_fact, probability_of, stratum_of

BASE = "base"


class Offer(NamedTuple):
    """What a plan said of an item.

    `reasons` are the names of all rules that match, drawn or not, and "base", "target …" and "uncertainty" where the
    rate of that alone draws it.
    `overlap` is the largest of the matching rules' own, else the plan's; None leaves it to the project. `urgent` says
    that some matching rule is: what is drawn then stands in the urgent lane, by whatever rate it was drawn.
    """

    u: float
    probability: float
    selected: bool
    reasons: list[str]
    overlap: int | None
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    matches: Matcher
    rate: float
    overlap: int | None
    urgent: bool


@dataclass(frozen=True, slots=True)
class _Target:
    name: str
    fact: Fact
    rates: dict[str, float]
    missing: float
    other: float

    @classmethod
    def of(cls, solved: SolvedTarget) -> "_Target":
        fact = check_stratum_fact(solved.by, path="by")
        return cls(target_name(solved.by), fact, solved.rates, solved.missing, solved.other)

    def rate(self, facts: Mapping[str, Any]) -> float:
        value = stratum_of(self.fact, facts)
        return self.missing if value is None else self.rates.get(value, self.other)


@dataclass(frozen=True, slots=True)
class _Doubt:
    fact: Fact
    design: UncertaintyDesign

    def rate(self, facts: Mapping[str, Any]) -> float:
        return self.design.probability(probability_of(self.fact, facts))


@dataclass(frozen=True, slots=True)
class CompiledPlan:
    """A plan version ready to be offered items."""

    id: int
    version: int
    base_rate: float
    overlap: int | None
    rules: tuple[_Rule, ...]
    targets: tuple[_Target, ...] = ()
    doubt: _Doubt | None = None

    @property
    def reads_facts(self) -> bool:
        """Tell whether anything about an item matters beside its random number."""
        return bool(self.rules or self.targets or self.doubt)

    def offer(self, facts: Mapping[str, Any], *, u: float) -> Offer:
        """Return what the plan says of an item with these facts and this permanent random number."""
        probability, overlap, urgent = self.base_rate, None, False
        reasons = []
        for rule in self.rules:
            if rule.matches(facts):
                reasons.append(rule.name)
                urgent = urgent or rule.urgent
                probability = max(probability, rule.rate)
                overlap = max(overlap or 0, rule.overlap) if rule.overlap else overlap
        for target in self.targets:
            rate = target.rate(facts)
            probability = max(probability, rate)
            if u < rate:
                reasons.append(target.name)
        if self.doubt:
            rate = self.doubt.rate(facts)
            probability = max(probability, rate)
            if u < rate:
                reasons.append(UNCERTAINTY)
        if u < self.base_rate:
            reasons.append(BASE)
        return Offer(u, probability, u < probability, reasons, overlap or self.overlap, urgent)


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
            urgent=bool(rule.get("urgent")),
        )
        for rule in row.rules
    )
    solution = Solution.of_json(row.solved) if row.solved else None
    targets = tuple(map(_Target.of, solution.targets)) if solution else ()
    doubt = None
    if row.uncertainty and solution and solution.uncertainty:
        doubt = _Doubt(check_probability_fact(row.uncertainty["fact"], path="uncertainty"), solution.uncertainty)
    return CompiledPlan(row.pk, row.version, row.base_rate, row.overlap, rules, targets, doubt)
