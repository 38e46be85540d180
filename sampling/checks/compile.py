"""Checks compiled once for each version, and asked of one item after another.

A check never loses an item: one that raises, or that has used up its share of a batch's time, is left unanswered for
that item. Unanswered is not the same as not applicable, and is shown as what it is.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import orjson
import structlog

from sampling.checks.body import KINDS, Check
from sampling.checks.citations import citation_question
from sampling.checks.findings import Finding, Question, failed, not_applicable
from sampling.checks.targets import Facts, find_target, target_reader
from sampling.checks.texts import contains_question, length_question, not_contains_question, pattern_question
from sampling.checks.values import (
    allowed_values_question,
    json_question,
    json_schema_question,
    numeric_range_question,
)
from sampling.models import ChecksVersion
from sampling.plans.filters import parse_filter
from sampling.plans.filters_match import Matcher, compile_filter
from sampling.plans.filters_refs import with_hashed_refs

_log = structlog.get_logger(__name__)
SECONDS_A_BATCH = 2.0
MAX_SEEN = 4096

# The outcome of each check in order; None where there is no answer.
Outcomes: TypeAlias = tuple[str | None, ...]

_QUESTIONS: dict[str, Callable[[Any], Question]] = {
    "json": json_question,
    "json_schema": json_schema_question,
    "pattern": pattern_question,
    "length": length_question,
    "contains": contains_question,
    "not_contains": not_contains_question,
    "allowed_values": allowed_values_question,
    "numeric_range": numeric_range_question,
    "citation": citation_question,
}


@dataclass(frozen=True, slots=True)
class CompiledCheck:
    """One check ready to be asked of items."""

    name: str
    target: str
    required: bool
    read: Callable[[Facts], Any]
    applies: Matcher | None
    question: Question

    def find(self, facts: Facts) -> Finding:
        """Return what the check finds in an item's fields."""
        if self.applies is not None and not self.applies(facts):
            return not_applicable("The item is none of those that this check is for.")
        value = self.read(facts)
        if value is None:
            missing = f"There is no {self.target}."
            return failed(missing) if self.required else not_applicable(missing)
        return self.question(value, facts)


def compile_check(check: Check, *, salt: str = "") -> CompiledCheck:
    """Return a check compiled; ValueError where its schema or pattern cannot be (publishing refuses those)."""
    target = find_target(check.target)
    if target is None:
        raise ValueError(f"there is no {check.target}")
    return CompiledCheck(
        name=check.name,
        target=check.target,
        required=check.required,
        read=target_reader(target),
        applies=None
        if check.when is None
        else compile_filter(with_hashed_refs(parse_filter(check.when, path="when"), salt=salt)),
        question=_QUESTIONS[check.kind](check),
    )


class Checked(NamedTuple):
    """What a version's checks found of an item: as facts `checks.<name>`, and as the JSON object kept with the item."""

    facts: dict[str, str]
    json: bytes | None


UNCHECKED = Checked({}, None)


class CompiledChecks:
    """A version of a project's checks."""

    def __init__(self, checks: Sequence[CompiledCheck]) -> None:
        self.checks = tuple(checks)
        self._seen: dict[Outcomes, Checked] = {}

    def outcomes(self, items: Sequence[Facts]) -> list[Outcomes]:
        """Return the outcomes of each item, in order."""
        return list(zip(*(_ask(check, items) for check in self.checks), strict=True))

    def run(self, items: Sequence[Facts]) -> list[Checked]:
        """Return what is found of each item, in order."""
        seen = self._seen
        return [seen.get(outcomes) or self._remember(outcomes) for outcomes in self.outcomes(items)]

    def _remember(self, outcomes: Outcomes) -> Checked:
        """Return what outcomes are written as, and keep it: items differ in few ways."""
        named = {check.name: outcome for check, outcome in zip(self.checks, outcomes, strict=True)}
        facts = {f"checks.{name}": outcome for name, outcome in named.items() if outcome is not None}
        checked = Checked(facts, orjson.dumps(named))
        if len(self._seen) < MAX_SEEN:
            self._seen[outcomes] = checked
        return checked


def _ask(check: CompiledCheck, items: Sequence[Facts]) -> list[str | None]:
    """Ask one check of all items of a batch, as long as its time lasts."""
    outcomes: list[str | None] = []
    find = check.find
    end = time.perf_counter() + SECONDS_A_BATCH
    for nth, facts in enumerate(items):
        if time.perf_counter() > end:
            _log.warning("check_too_slow", check=check.name, unanswered=len(items) - nth)
            outcomes += [None] * (len(items) - nth)
            break
        try:
            outcomes.append(find(facts).outcome)
        except Exception as error:  # noqa: BLE001 — whatever a check meets, the item is stored
            _log.warning("check_failed_to_run", check=check.name, error=type(error).__name__)
            outcomes.append(None)
    return outcomes


def checks_from(stored: Sequence[Mapping[str, Any]], *, salt: str = "") -> CompiledChecks:
    """Return the compiled checks of a stored version."""
    checks = [KINDS[spec["kind"]].model_validate(dict(spec)) for spec in stored]
    return CompiledChecks([compile_check(check, salt=salt) for check in checks])


@lru_cache(maxsize=256)
def compiled_checks(version_id: int) -> CompiledChecks:
    """Return a version's checks compiled; kept in memory, because a version never changes."""
    version = ChecksVersion.objects.select_related("project").get(pk=version_id)
    return checks_from(version.checks, salt=version.project.sampling_salt)
