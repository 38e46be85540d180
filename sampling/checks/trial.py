"""Trying a check on stored items before it is saved: how many pass, and examples of each outcome with the reason."""

import time
from collections import Counter
from typing import NamedTuple

from django.db import connection

from sampling.checks.body import Check
from sampling.checks.compile import CompiledCheck, compile_check
from sampling.checks.findings import FAIL, NOT_APPLICABLE, PASS, shortened
from sampling.checks.targets import Facts, text_of
from sampling.plans.stored_facts import read_facts

ITEMS = 200
SECONDS = 3.0
UNANSWERED = "unanswered"
EXAMPLES = {FAIL: 5, PASS: 2, NOT_APPLICABLE: 2, UNANSWERED: 2}
_BATCH = 20
_EXCERPT = 200
_NEWEST = "SELECT id FROM sampling_item WHERE project_id = %s ORDER BY id DESC LIMIT %s"


class Example(NamedTuple):
    """An item with one outcome, why, and what the check looked at."""

    external_id: str
    outcome: str
    reason: str
    excerpt: str


class Trial(NamedTuple):
    """What a check finds in the newest items; `asked` is fewer than there are where the time was up."""

    asked: int
    passed: int
    failed: int
    not_applicable: int
    unanswered: int
    examples: list[Example]


def try_check(project_id: int, check: Check, *, items: int = ITEMS) -> Trial:
    """Return what the check finds in the project's newest items. Nothing is stored."""
    compiled = compile_check(check)
    counts: Counter[str] = Counter()
    examples: list[Example] = []
    end = time.monotonic() + SECONDS
    ids = _newest(project_id, items)
    for start in range(0, len(ids), _BATCH):
        if time.monotonic() > end:
            break
        batch = ids[start : start + _BATCH]
        facts = read_facts(batch)
        for item_id in batch:
            example = _ask(compiled, facts[item_id])
            counts[example.outcome] += 1
            if counts[example.outcome] <= EXAMPLES[example.outcome]:
                examples.append(example)
    order = list(EXAMPLES)
    return Trial(
        asked=counts.total(),
        passed=counts[PASS],
        failed=counts[FAIL],
        not_applicable=counts[NOT_APPLICABLE],
        unanswered=counts[UNANSWERED],
        examples=sorted(examples, key=lambda example: order.index(example.outcome)),
    )


def _newest(project_id: int, limit: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM sampling_item WHERE project_id = %s ORDER BY id DESC LIMIT %s", [project_id, limit]
        )
        return [row[0] for row in cursor.fetchall()]


def _ask(check: CompiledCheck, facts: Facts) -> Example:
    try:
        outcome, reason = check.find(facts)
    except Exception as error:  # noqa: BLE001 — as on arrival: such an item stays without an answer
        outcome, reason = UNANSWERED, f"The check breaks down on this item ({type(error).__name__})."
    excerpt = shortened(text_of(check.read(facts)), _EXCERPT)
    return Example(facts["external_id"], outcome, reason, excerpt)


class Tally(NamedTuple):
    """What is known of one check among the newest items."""

    passed: int
    failed: int
    not_applicable: int

    @property
    def asked(self) -> int:
        """How many have an outcome."""
        return self.passed + self.failed + self.not_applicable


def tally_outcomes(project_id: int, names: list[str], *, items: int = ITEMS) -> dict[str, Tally]:
    """Return how often each check passed, failed and did not apply in the newest items that it was asked of."""
    facts = read_facts(_newest(project_id, items)) if names else {}
    counts = {name: Counter(found.get(f"checks.{name}") for found in facts.values()) for name in names}
    return {name: Tally(count[PASS], count[FAIL], count[NOT_APPLICABLE]) for name, count in counts.items()}
