"""JSON Lines that stream."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

_CHUNK = 64 * 1024


def json_lines(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Yield the rows as JSON Lines, in pieces of some size."""
    buffer = bytearray()
    for row in rows:
        buffer += orjson.dumps(row)
        buffer += b"\n"
        if len(buffer) >= _CHUNK:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)
