"""How far review has come with items, in a word: for lists of items."""

from collections.abc import Sequence

from django.db import connection

from annotations.models.queue import Lane, Stage
from annotations.queue.watermarks import base_lane
from sampling.items.states import ItemState

_CLOSED = {"escalated": "escalated", "horizon": "given up", "gold": "gold"}
_WAITING = {Lane.ESTIMATION: "to review", Lane.URGENT: "to review, urgent", Lane.CHOSEN: "sent to review"}


def review_states(item_ids: Sequence[int]) -> dict[int, ItemState]:
    """Return the states of those items that have a task."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.item_id, t.stage, t.lane, t.need, t.n_leases, t.n_labels, t.closed_reason"
            " FROM annotations_task t WHERE t.item_id = ANY(%s) AND t.stage <> %s ORDER BY t.stage",
            [list(item_ids), Stage.GOLD],
        )
        rows = cursor.fetchall()
    # The later stage of an item's work says more than the earlier one, while it is not done.
    states: dict[int, ItemState] = {}
    for item_id, stage, lane, need, n_leases, n_labels, closed_reason in rows:
        if stage == Stage.ADJUDICATION:
            done = n_labels >= need or closed_reason is not None
            states[item_id] = ItemState("adjudicated", "done") if done else ItemState("to adjudicate", "warn")
        else:
            states[item_id] = _reviewed(lane, need, n_leases, n_labels, closed_reason)
    return states


def _reviewed(lane: int, need: int, n_leases: int, n_labels: int, closed_reason: str | None) -> ItemState:
    if n_labels >= need:
        return ItemState("reviewed", "done")
    if closed_reason is not None:
        return ItemState(_CLOSED.get(closed_reason, "closed"), "warn")
    if n_labels:
        return ItemState(f"{n_labels} of {need} labels", "work")
    if n_leases:
        return ItemState("in review", "work")
    return ItemState(_WAITING[base_lane(lane)], "waiting")
