"""Points in time in a query string: ISO 8601, UTC where no offset is given, a bare date its midnight."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator


def in_utc(time: datetime) -> datetime:
    """Return the time in UTC; one without an offset is meant so."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


AskedTime = Annotated[datetime, AfterValidator(in_utc)]
