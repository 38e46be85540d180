"""An item as its reviewer reads it: the HTML of the fields that the reviewer gets, and of no others."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from sampling.items.show.view import show_item


def show_fields(fields: Mapping[str, Any], *, prefix: str, candidates: Sequence[str] = (), whole: bool = False) -> str:
    """Return the HTML of an item's fields, JSON ones raw as they were read; ids in it begin with `prefix`.

    `candidates` are shown beside each other, by number and not by name; `whole` shows the output's own text too.
    """
    parsed = orjson.loads(orjson.dumps(fields, default=str))
    shown = {**parsed, "occurred_at": fields.get("occurred_at")}
    return show_item(shown, prefix=prefix, candidates=candidates, whole=whole)
