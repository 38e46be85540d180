"""Facts that become known beside an item's own fields: recorded by later stages, read by filters."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection, transaction

from reviewapp.accounts.models import Project
from sampling.draws.reoffer import Reoffered, reoffer_items
from sampling.plans.filters_facts import FEEDBACK, is_fact_row


class NewFact(NamedTuple):
    """A named value about an item; None says that it is known no longer.

    `caused_by_draw` marks what is known only because the item was selected or labelled, such as the verdict of a judge
    that ran on labelled items: it never enters a probability.
    """

    item_id: int
    name: str
    value: Any
    caused_by_draw: bool = False


def record_fact(fact: NewFact, *, now: datetime) -> None:
    """Record one fact; the newest value of a name is the one that counts."""
    record_facts([fact], now=now)


def record_facts(facts: Sequence[NewFact], *, now: datetime) -> None:
    """Record facts, each replacing what was known under its name; of two in one call the later one.

    Raises ValueError for a name that filters cannot ask about and for a value that is no JSON: these come from the
    product's own stages, never from outside.
    """
    latest = {(fact.item_id, fact.name): fact for fact in facts}
    rows = [latest[key] for key in sorted(latest)]  # in one order, so that two recorders never deadlock
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO sampling_itemfact (item_id, name, value, recorded_at, caused_by_draw)
            SELECT item_id, name, value::jsonb, %s, caused_by_draw
            FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bool[]) AS f (item_id, name, value, caused_by_draw)
            ON CONFLICT (item_id, name) DO UPDATE SET value = EXCLUDED.value, recorded_at = EXCLUDED.recorded_at,
                caused_by_draw = EXCLUDED.caused_by_draw
            """,
            [
                now,
                [fact.item_id for fact in rows],
                [fact.name for fact in rows],
                [_checked_json(fact) for fact in rows],
                [fact.caused_by_draw for fact in rows],
            ],
        )


def record_late_facts(
    *, project: Project, facts: Sequence[NewFact], late_reason: str | None, now: datetime
) -> Reoffered:
    """Record facts that arrive after their items, and offer the items again, in one transaction.

    `late_reason`: see `reoffer_items`.
    """
    with transaction.atomic():
        record_facts(facts, now=now)
        item_ids = [fact.item_id for fact in facts if not fact.caused_by_draw]
        return reoffer_items(project=project, item_ids=item_ids, late_reason=late_reason, now=now)


def _checked_json(fact: NewFact) -> str | None:
    if not is_fact_row(fact.name):
        raise ValueError(f"{fact.name!r} is no name of a fact: checks.x, hint.x, verdict.judge.question, feedback")
    if fact.name == FEEDBACK and (isinstance(fact.value, bool) or fact.value not in {-1, 0, 1, None}):
        raise ValueError("feedback is -1, 0 or 1")
    if isinstance(fact.value, float) and not math.isfinite(fact.value):
        raise ValueError(f"{fact.name} is no finite number")
    return None if fact.value is None else orjson.dumps(fact.value).decode()
