"""Ids of items carry the time at which they were given, after that of receipt: so times are found in their index."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
_SEQUENCE_BITS = 22
CLOCKS_APART = 3600  # seconds that the clocks of web and database may differ


def first_id_since(start: datetime | None) -> int:
    """Return an id below those of all items received from then on; None: of all items."""
    return id_at(max(start, _EPOCH) - timedelta(seconds=CLOCKS_APART)) if start else 0


def id_at(time: datetime) -> int:
    """Return the first id that the database gives at a time of its clock."""
    return max(int((time - _EPOCH).total_seconds()), 0) << _SEQUENCE_BITS
