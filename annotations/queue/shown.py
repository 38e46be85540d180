"""An item as its reviewer reads it: the HTML of the fields that the reviewer gets, and of no others."""

from collections.abc import Mapping
from typing import Any

import orjson

from sampling.items.show.view import show_item


def show_fields(fields: Mapping[str, Any], *, prefix: str) -> str:
    """Return the HTML of an item's fields, JSON ones raw as they were read; ids in it begin with `prefix`."""
    parsed = orjson.loads(orjson.dumps(fields, default=str))
    return show_item({**parsed, "occurred_at": fields.get("occurred_at")}, prefix=prefix)
