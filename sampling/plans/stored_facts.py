"""The facts of stored items, as `filters_match` takes them and checks read them."""

from collections.abc import Sequence
from typing import Any

from sampling.models import Item, ItemFact
from sampling.plans.filters_facts import CHECKS, FIELDS, JSON_FIELDS

_COLUMNS = (*FIELDS, *JSON_FIELDS, "steps", "checks")


def read_facts(item_ids: Sequence[int], *, for_draws: bool = False) -> dict[int, dict[str, Any]]:
    """Return the facts of items by id: their fields, what checks found on arrival, and the facts that came later.

    `for_draws` leaves out those that are there only because the item was selected or labelled.
    """
    facts = {row.pop("pk"): row for row in Item.objects.filter(pk__in=item_ids).values("pk", *_COLUMNS)}
    for found in facts.values():
        found.update({f"{CHECKS}{name}": outcome for name, outcome in (found.pop("checks") or {}).items()})
    rows = ItemFact.objects.filter(item_id__in=item_ids, value__isnull=False)
    if for_draws:
        rows = rows.filter(caused_by_draw=False)
    for item_id, name, value in rows.values_list("item_id", "name", "value"):
        facts[item_id][name] = value
    return facts
