"""Reading points in time as clients write them: ISO 8601, UTC where no offset is given."""

from datetime import UTC, datetime
from typing import Any

from pydantic_core import PydanticCustomError


def parse_time(text: str) -> datetime | None:
    """Return the time in UTC, or None where the text is none."""
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_time(value: Any) -> datetime:
    """Return the time that a field holds; for pydantic."""
    time = parse_time(value) if isinstance(value, str) else None
    if time is None:
        raise PydanticCustomError("time", "Expected a time like 2026-11-21T12:00:00Z.")
    return time
