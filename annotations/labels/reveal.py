"""What was hidden, shown after the label is committed: where a project says so, and to the label's own reviewer.

Shown is what the reviewed system said of itself. Never other people's labels, nor judges' verdicts: a later revision
must stay the work of one mind, or agreement would measure who read whom. Undo ends here; whoever changes their mind
revises, and how many do is counted.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from annotations.models import Label, Reveal
from annotations.queue.turns import take_turn
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.http.errors import ConflictError, NotFoundError
from sampling.models import Item

FIELDS = ("decision", "confidence", "model", "prompt_version", "system_version", "feedback")


@dataclass(frozen=True, slots=True)
class Changes:
    """Of the labels after which something was revealed: how many, and how many of them were changed afterwards."""

    revealed: int
    changed: int


class PersonChanges(NamedTuple):
    """One reviewer's labels that were followed by a reveal."""

    name: str
    revealed: int
    changed: int


def read_hidden(item_id: int) -> dict[str, Any]:
    """Return what the system said of itself about an item, as far as it said anything."""
    found = Item.objects.values(*FIELDS).get(pk=item_id)
    return {name: value for name, value in found.items() if value is not None and value != ""}


def was_revealed(*, reviewer_id: int, item_id: int) -> bool:
    """Tell whether the reviewer has been shown what was hidden about the item."""
    return Reveal.objects.filter(reviewer_id=reviewer_id, item_id=item_id).exists()


def reveal_label(*, access: Access, label_id: int, now: datetime) -> Label:
    """Note that what was hidden is shown to the label's own reviewer from now on, and return the label.

    Raises ConflictError `reveal_off` where the project hides it for good, `label_ended`; NotFoundError.
    """
    require(access, Action.LABEL)
    if not access.project.reveal_after_commit:
        raise ConflictError("This project does not show what was hidden.", code="reveal_off")
    reviewer = access.actor.user
    with transaction.atomic():
        take_turn(reviewer.pk)  # an undo on its way is over before this, or refused after it
        label = Label.objects.filter(pk=label_id, project=access.project, reviewer=reviewer).first()
        if label is None:
            raise NotFoundError("There is no such label of yours.")
        if label.withdrawn_at is not None or label.superseded_by_id is not None:
            raise ConflictError("This label has been taken back or revised already.", code="label_ended")
        _, is_first = Reveal.objects.get_or_create(
            reviewer=reviewer, item_id=label.item_id, defaults={"project": access.project, "label": label, "at": now}
        )
        if is_first:
            record(
                "label.revealed",
                now=now,
                actor=access.actor,
                project_id=access.project.pk,
                object_kind="label",
                object_id=label.pk,
            )
    return label


def count_changes(access: Access, *, since: datetime) -> list[PersonChanges]:
    """Return by person, over the reveals since a moment, how many labels they changed afterwards."""
    require(access, Action.SEE_ALL_LABELS)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT b.reviewer_name, count(*), count(*) FILTER (WHERE heir.answers <> b.answers)
            FROM annotations_reveal r
            JOIN annotations_label b ON b.id = r.label_id
            LEFT JOIN annotations_label heir ON heir.id = b.superseded_by_id
            WHERE r.project_id = %s AND r.at >= %s
            GROUP BY b.reviewer_name ORDER BY b.reviewer_name
            """,
            [access.project.pk, since],
        )
        return [PersonChanges(*row) for row in cursor.fetchall()]


def sum_changes(persons: list[PersonChanges]) -> Changes:
    """Return the sum over everybody."""
    return Changes(sum(person.revealed for person in persons), sum(person.changed for person in persons))
