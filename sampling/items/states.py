"""What review has made of items so far, as the stage of review tells it (`settings.ITEM_STATES`)."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from django.conf import settings
from django.utils.module_loading import import_string


class ItemState(NamedTuple):
    """A word or two, and their tone: "waiting", "work", "done" or "warn"."""

    words: str
    tone: str


def find_states(item_ids: Sequence[int]) -> dict[int, ItemState]:
    """Return the states of those items that review has to do with."""
    ask: Callable[[Sequence[int]], dict[int, ItemState]] = import_string(settings.ITEM_STATES)
    return ask(item_ids)
