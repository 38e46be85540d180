"""Masking texts that come to an item after it was stored: comments of feedback, imported notes.

Their placeholders go on from those of the item's own texts. Where originals are kept, what the item holds already is
the same placeholder in the comment, and what is new is kept as well. Where they are not, nobody can tell whether the
address in a comment is the item's `[EMAIL_1]`: it gets a number that the item does not have.
"""

from typing import Any

import orjson
from django.db import transaction

from reviewapp.accounts.models import Masking, Project
from sampling.mask.custom import custom_patterns
from sampling.mask.items import mask_value
from sampling.mask.kinds import PLACEHOLDER
from sampling.mask.originals import Place, Sealed, open_sealed, seal
from sampling.mask.placeholders import Placeholders
from sampling.mask.recognise import find_all, is_suspicious
from sampling.models import Item, Original

_TEXTS = ("input", "output", "context", "decision", "steps", "metadata")


def mask_later(project: Project, *, item_id: int, text: str) -> str:
    """Return a text that belongs to a stored item of the project as it may be stored."""
    masked: str = mask_value_later(project, item_id=item_id, value=text)
    return masked


def mask_value_later(project: Project, *, item_id: int, value: Any) -> Any:
    """Return a text, or anything of JSON, that belongs to a stored item of the project as it may be stored."""
    custom = custom_patterns(project.masking_patterns)
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    if project.masking == Masking.OFF or not is_suspicious(text, custom):
        return value
    external_id, *values = Item.objects.values_list("external_id", *_TEXTS).get(pk=item_id, project=project)
    placeholders = Placeholders(_placeholders_in(text, values))
    if project.masking == Masking.MASK:
        return mask_value(value, placeholders=placeholders, custom=custom)
    place = Place(project.pk, external_id)
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(
            pk=project.pk
        )  # two comments at once count one after the other
        known = {
            each.placeholder: open_sealed(Sealed(each.placeholder, each.key_id, bytes(each.data)), place)
            for each in Original.objects.filter(item_id=item_id)
        }
        for placeholder, original in known.items():
            placeholders.know(placeholder, original, find_all(original, custom=custom))
        masked = mask_value(value, placeholders=placeholders, custom=custom)
        new = {name: original for name, original in placeholders.originals.items() if name not in known}
        Original.objects.bulk_create(
            Original(item_id=item_id, placeholder=each.placeholder, key_id=each.key_id, data=each.data)
            for each in seal(new, place)
        )
    return masked


def _placeholders_in(text: str, values: list[Any]) -> set[str]:
    texts = (text, orjson.dumps(values).decode())
    return {match.group() for each in texts for match in PLACEHOLDER.finditer(each)}
