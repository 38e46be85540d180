"""Whether somebody is reviewing an item just now: then what others said of it stays hidden from them."""

from annotations.models import Guard
from annotations.models.queue import GuardState
from reviewapp.accounts.access import Access


def is_reviewing(access: Access, item_id: int) -> bool:
    """Tell whether the person has the item before them, or left it unfinished, in a blind project."""
    if not access.project.blind:
        return False
    unfinished = Guard.objects.filter(task__item_id=item_id, state__in=[GuardState.LEASED, GuardState.LEFT])
    return unfinished.filter(reviewer_id=access.actor.user.pk).exists()
