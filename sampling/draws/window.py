"""How long what becomes known of an item may still raise its probability: the hour of its arrival, and the settle time.

Every draw row lies within its item's window, and each has a higher probability than the one before. So an item's last
draw row holds the probability by which it was drawn, selected or not; estimates need no other rule.
"""

from datetime import datetime, timedelta

_HOUR = timedelta(hours=1)


def window_closes(received_at: datetime, settle_hours: int) -> datetime:
    """Return when an item's window closes: `settle_hours` after the hour in which it arrived."""
    return received_at.replace(minute=0, second=0, microsecond=0) + _HOUR * (1 + settle_hours)
