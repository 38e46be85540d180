"""Reading points in time as clients write them: ISO 8601, UTC where no offset is given."""

from datetime import datetime
from typing import Any

from pydantic_core import PydanticCustomError

from reviewapp.http.times import in_utc


def parse_time(text: str) -> datetime | None:
    """Return the time in UTC, or None where the text is none."""
    try:
        return in_utc(datetime.fromisoformat(text))
    except ValueError:
        return None


def read_time(value: Any) -> datetime:
    """Return the time that a field holds; for pydantic."""
    time = parse_time(value) if isinstance(value, str) else None
    if time is None:
        raise PydanticCustomError("time", "Expected a time like 2026-11-21T12:00:00Z.")
    return time
