"""Items as clients send them."""

from typing import Any

import orjson


def item(external_id: str = "item-1", **fields: Any) -> dict[str, Any]:
    """Return a small item with the named fields."""
    return {"external_id": external_id, "input": "Where is my parcel?", "output": "On its way.", **fields}


def ndjson(*items: Any) -> bytes:
    """Return NDJSON of items; bytes stand as they are."""
    return b"\n".join(each if isinstance(each, bytes) else orjson.dumps(each) for each in items)
