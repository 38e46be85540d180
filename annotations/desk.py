"""How a person likes the reviewer's desk: kept with the person, so that it is the same on every machine."""

from annotations.models import DeskSettings
from reviewapp.accounts.access import Access


def has_single_keys(access: Access) -> bool:
    """Tell whether single keys act for this person; they do until turned off."""
    found = DeskSettings.objects.filter(person=access.actor.user).values_list("single_keys", flat=True).first()
    return found is not False


def set_single_keys(access: Access, *, on: bool) -> None:
    """Turn the person's single keys on or off."""
    DeskSettings.objects.update_or_create(person=access.actor.user, defaults={"single_keys": on})
