"""What a draw hands to the queue."""

from typing import NamedTuple


class Selected(NamedTuple):
    """An item chosen for review: its rank in the queue (u / probability) and how many labels it needs.

    `urgent` says that a rule for urgent items matches: it is served in a lane of its own.
    """

    item_id: int
    rank: float
    need: int
    urgent: bool = False
