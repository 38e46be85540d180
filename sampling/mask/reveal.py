"""Showing the originals behind an item's placeholders: to few people, with a reason, on record."""

from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import Masking
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import ConflictError, FieldError, InvalidError, NotFoundError
from sampling.mask.originals import Place, Sealed, open_sealed
from sampling.mask.texts import try_mask
from sampling.models import ItemKey, Original, RevealedOriginals

MAX_REASON = 500


def reveal_originals(access: Access, *, external_id: str, reason: str, now: datetime) -> dict[str, str]:
    """Return the originals of an item by placeholder (`user_ref` and `session_ref` by their names), and record it.

    Raises ConflictError (`nothing_kept`) where the item has none: it came while the project did not keep them, or
    nothing in it was masked.
    """
    require(access, Action.REVEAL_ORIGINALS)
    reason = _checked(reason)
    project = access.project
    key = None if "\0" in external_id else ItemKey.objects.filter(project=project, external_id=external_id).first()
    if key is None:
        raise NotFoundError("There is no such item in this project.")
    kept = Original.objects.filter(item_id=key.item_id)
    place = Place(project.pk, external_id)
    originals = {
        each.placeholder: open_sealed(Sealed(each.placeholder, each.key_id, bytes(each.data)), place) for each in kept
    }
    if not originals:
        message = (
            "No originals of this item were kept: nothing in it was masked, or the project kept none when it came."
        )
        raise ConflictError(message, code="nothing_kept")
    shown = sorted(originals)
    with transaction.atomic():
        row = RevealedOriginals.objects.create(
            item_id=key.item_id, revealed_by=access.actor.user, reason=reason, placeholders=shown, at=now
        )
        record(
            "originals.revealed",
            now=now,
            actor=access.actor,
            project_id=project.pk,
            object_kind="item",
            object_id=key.item_id,
            detail={"reveal": row.pk, "placeholders": shown, "reason_sha256": digest(reason)},
        )
    return {placeholder: originals[placeholder] for placeholder in shown}


class RevealRow(NamedTuple):
    """Who was shown the originals of which item, when and why."""

    external_id: str
    by: str
    reason: str
    placeholders: list[str]
    at: datetime


def list_reveals(project_id: int, *, item_id: int | None = None, limit: int = 20) -> list[RevealRow]:
    """Return the latest looks at originals of a project, or of one item of it, the newest first."""
    rows = RevealedOriginals.objects.filter(item__project_id=project_id)
    if item_id is not None:
        rows = rows.filter(item_id=item_id)
    columns = ("item__external_id", "revealed_by__username", "reason", "placeholders", "at")
    return [RevealRow(*row) for row in rows.order_by("-pk").values_list(*columns)[:limit]]


def _checked(reason: str) -> str:
    """Return the reason as it is kept: there, not endless, and without personal data of its own."""
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON or "\0" in reason:
        message = f"Say in up to {MAX_REASON} characters why you need to see them."
        raise InvalidError(message, fields=(FieldError("reason", message),))
    return try_mask(reason, masking=Masking.MASK, patterns=()).text
