"""What an item's page says of it as a gold: that it is one, or how it becomes one in one click."""

from annotations.models import Adjudication, Gold, Guard
from annotations.models.queue import GuardState
from reviewapp.accounts.roles import Action
from sampling.items.sections import Event, ItemAsked, Section


def gold(asked: ItemAsked) -> Section | None:
    """Section of an item's page, for whoever makes golds; not while they are asked about the item themselves."""
    if not asked.access.may(Action.EDIT_GOLDS):
        return None
    at_work = Guard.objects.filter(
        reviewer=asked.access.actor.user,
        task__item_id=asked.item_id,
        state__in=[GuardState.LEASED, GuardState.LEFT],
    )
    found = Gold.objects.select_related("added_by").filter(item_id=asked.item_id).first()
    is_decided = found is not None or Adjudication.objects.filter(item_id=asked.item_id, superseded_by=None).exists()
    if not is_decided or (asked.access.project.blind and at_work.exists()):
        return None
    events = []
    if found is not None:
        events.append(Event(found.added_at, "Made a gold", by=found.added_by.username))
        if found.retired_at is not None:
            events.append(Event(found.retired_at, "Retired as a gold", note=found.retired_reason))
    return Section(
        name="gold",
        title="Gold",
        template="items/gold.html",
        context={"gold": found, "external_id": asked.fields["external_id"]},
        events=tuple(events),
    )
