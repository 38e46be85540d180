"""Offering stored items again, because something became known of them: feedback, a verdict, a check asked later.

The plan version by which an item was drawn is asked again, with what is known by now and the item's one random number.
While its window is open, a higher probability is a further draw row; a lower one changes nothing. Since the number is
the same, an item is selected exactly if it lies below the highest probability that the plan ever gave it in time, in
whatever order things became known. After the window a fact may still open a task, chosen by hand as it were: without a
probability.

A fact that there is only because the item was selected or labelled never enters (`NewFact.caused_by_draw`): the
probability would then depend on the outcome of the draw.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import orjson
from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from reviewapp.accounts.models import Project
from sampling.draws.offer import Offer, compiled_plan
from sampling.draws.selected import Selected
from sampling.draws.window import window_closes
from sampling.models import PlanVersion
from sampling.plans.stored_facts import read_facts

# Whoever offers an item again holds its row, and reads what is known of it in a later statement: of two facts that
# arrive together, the second is offered with both.
_HOLD = "SELECT id FROM sampling_item WHERE project_id = %s AND id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
_LAST = """
SELECT DISTINCT ON (d.item_id) d.item_id, i.received_at, d.plan_version_id, p.settle_hours, d.u, d.probability,
    d.selected
FROM sampling_draw d JOIN sampling_item i ON i.id = d.item_id JOIN sampling_planversion p ON p.id = d.plan_version_id
WHERE d.item_id = ANY(%s) ORDER BY d.item_id, d.id DESC
"""
_RAISE = """
INSERT INTO sampling_draw (item_id, plan_version_id, u, probability, selected, reasons, at, raised_from)
SELECT item_id, plan, u, probability, u < probability, ARRAY(SELECT jsonb_array_elements_text(reasons)), %s, before
FROM unnest(%s::bigint[], %s::bigint[], %s::float8[], %s::float8[], %s::jsonb[], %s::float8[])
    AS r (item_id, plan, u, probability, reasons, before)
"""


@dataclass(frozen=True, slots=True)
class Reoffered:
    """What offering again changed: the items whose probability rose, those of them that were selected by that, and how
    many got a task after their window."""

    raised: frozenset[int] = frozenset()
    selected: frozenset[int] = frozenset()
    late: int = 0


class _LastDraw(NamedTuple):
    item_id: int
    received_at: datetime
    plan_id: int
    settle_hours: int
    u: float
    probability: float
    selected: bool


def reoffer_items(
    *,
    project: Project,
    item_ids: Iterable[int],
    late_reason: str | None,
    now: datetime,
    plan: PlanVersion | None = None,
) -> Reoffered:
    """Offer items again with what is known of them by now, in the caller's transaction, after the facts were recorded.

    With `plan` they are offered to that version instead of their own (a top-up); the window must be open by both.

    `late_reason` is given where an item whose window has closed, and which the plan would now select, is to get a task
    all the same; it is the reason that the task then carries.
    """
    ids = sorted(set(item_ids))
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [project.pk, ids])
        held = [row[0] for row in cursor.fetchall()]
        cursor.execute(_LAST, [held])
        draws = [_LastDraw._make(row) for row in cursor.fetchall()]
    if plan is not None:
        hours = plan.settle_hours
        draws = [draw._replace(plan_id=plan.pk, settle_hours=min(draw.settle_hours, hours)) for draw in draws]
    higher = _higher_offers(draws)
    in_time = [
        draw for draw in draws if draw.item_id in higher and now < window_closes(draw.received_at, draw.settle_hours)
    ]
    _insert(in_time, higher, now)
    selected = [draw.item_id for draw in in_time if higher[draw.item_id].selected]
    if selected:
        choices = [_choice(project, item_id, higher[item_id]) for item_id in selected]
        import_string(settings.QUEUE_RAISE)(project=project, selected=choices, now=now)
    over = [draw for draw in draws if draw.item_id in higher and draw not in in_time and not draw.selected]
    late = 0 if late_reason is None else _open_late(project, over, higher, late_reason, now)
    newly = frozenset(draw.item_id for draw in in_time if higher[draw.item_id].selected and not draw.selected)
    return Reoffered(frozenset(draw.item_id for draw in in_time), newly, late)


def _higher_offers(draws: Sequence[_LastDraw]) -> dict[int, Offer]:
    """Return what the items' own plans say now, of those for which that is more than before."""
    plans = {draw.plan_id: compiled_plan(draw.plan_id) for draw in draws}
    facts = read_facts([draw.item_id for draw in draws if plans[draw.plan_id].reads_facts], for_draws=True)
    higher = {}
    for draw in draws:
        offer = plans[draw.plan_id].offer(facts.get(draw.item_id, {}), u=draw.u)
        if offer.probability > draw.probability:
            higher[draw.item_id] = offer
    return higher


def _insert(draws: Sequence[_LastDraw], higher: dict[int, Offer], now: datetime) -> None:
    if not draws:
        return
    offers = [higher[draw.item_id] for draw in draws]
    with connection.cursor() as cursor:
        cursor.execute(
            _RAISE,
            [
                now,
                [draw.item_id for draw in draws],
                [draw.plan_id for draw in draws],
                [draw.u for draw in draws],
                [offer.probability for offer in offers],
                [orjson.dumps(offer.reasons).decode() for offer in offers],
                [draw.probability for draw in draws],
            ],
        )


def _open_late(
    project: Project, draws: Sequence[_LastDraw], higher: dict[int, Offer], reason: str, now: datetime
) -> int:
    """Open tasks without a probability for the items that would be selected if it were not too late."""
    by_need: dict[int, list[int]] = {}
    for draw in draws:
        offer = higher[draw.item_id]
        if offer.selected:
            by_need.setdefault(offer.overlap or project.overlap, []).append(draw.item_id)
    send = import_string(settings.QUEUE_SEND)
    return sum(
        send(project=project, item_ids=item_ids, need=need, reason=reason, now=now)
        for need, item_ids in by_need.items()
    )


def _choice(project: Project, item_id: int, offer: Offer) -> Selected:
    rank, need = offer.u / offer.probability, offer.overlap or project.overlap
    return Selected(item_id=item_id, rank=rank, need=need, urgent=offer.urgent)
