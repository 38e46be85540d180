"""Points in time in a query string: ISO 8601, UTC where no offset is given, a bare date its midnight."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator

# Nothing lies outside, and as many days before or behind are still dates.
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)


def in_utc(time: datetime) -> datetime:
    """Return the time in UTC; one without an offset is meant so. ValueError where there is no such year."""
    try:
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError:
        raise ValueError("Expected a time in the years 1 to 9999 (UTC).") from None


def _within_reach(time: datetime) -> datetime:
    """Return the time, or the end of what may be asked about: programs write the year 1 or 9999 for "no limit"."""
    return min(max(time, _FIRST), _LAST)


AskedTime = Annotated[datetime, AfterValidator(in_utc), AfterValidator(_within_reach)]
