"""Erasing a person by their `user_ref`: all content of their items goes, here and wherever a later stage repeats it.

What stays is a tombstone: the item's id, when it came, its probability and what people chose among declared answers.
So counts and rates of the past stay true, and nothing of what the person wrote or was told is left.
"""

from datetime import datetime
from typing import Any, NamedTuple, Protocol

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.http.errors import FieldError, InvalidError
from sampling.erase.lock import await_derived, lock_content
from sampling.mask.refs import hash_ref

MAX_REF = 500

# Outcomes of checks stay, and facts that are numbers, true or false; any other may be a person's text.
_EMPTY = """
UPDATE sampling_item SET input = 'null', output = NULL, context = NULL, steps = NULL, metadata = '{}',
    decision = NULL, user_ref = NULL, session_ref = NULL, trace_id = NULL, span_id = NULL, erased_at = %(now)s
WHERE project_id = %(project)s AND user_ref = ANY(%(refs)s) AND erased_at IS NULL
RETURNING id
"""
_FACTS = """
DELETE FROM sampling_itemfact WHERE item_id = ANY(%(ids)s) AND name NOT LIKE 'checks.%%'
    AND jsonb_typeof(value) IN ('string', 'object', 'array')
"""
_COUNTS = """
DELETE FROM sampling_operationsday WHERE project_id = %(project)s AND field = 'user_ref'
    AND value IN (SELECT left(ref, 200) FROM unnest(%(refs)s::text[]) ref)
"""
_REST = (
    "DELETE FROM sampling_itemtext WHERE item_id = ANY(%(ids)s)",
    "DELETE FROM sampling_itemmask WHERE item_id = ANY(%(ids)s)",
    "DELETE FROM sampling_original WHERE item_id = ANY(%(ids)s)",
    _FACTS,
    _COUNTS,
    "UPDATE sampling_feedback SET comment = '' WHERE item_id = ANY(%(ids)s) AND comment <> ''",
)


class Eraser(Protocol):
    """What a later stage empties along with items (`settings.ERASERS`); it returns how many rows of each kind."""

    def __call__(self, project_id: int, item_ids: list[int], now: datetime) -> dict[str, int]:
        """Empty what repeats these items' content."""


class Erased(NamedTuple):
    """How many items were emptied, and how many rows elsewhere, by kind."""

    items: int
    elsewhere: dict[str, int]


def erase_person(access: Access, *, user_ref: str, now: datetime) -> Erased:
    """Empty all items of a user of the project, named as production does or by the hash that is kept.

    Again finds nothing and changes nothing. Whatever of theirs arrives later is kept as ever.
    """
    require(access, Action.ERASE_PEOPLE)
    user_ref = user_ref.strip()
    if not user_ref or len(user_ref) > MAX_REF or "\0" in user_ref:
        message = "Name the person by their user_ref."
        raise InvalidError(message, fields=(FieldError("user_ref", message),))
    project = access.project
    hashed = hash_ref(project.sampling_salt, "user_ref", user_ref)
    with transaction.atomic():
        lock_content(project.pk)
        with connection.cursor() as cursor:
            theirs: dict[str, Any] = {"project": project.pk, "refs": [user_ref, hashed]}
            cursor.execute(_EMPTY, {"now": now, **theirs})
            ids = [row[0] for row in cursor.fetchall()]
            await_derived()
            for statement in _REST:
                cursor.execute(statement, {"ids": ids, **theirs})
        elsewhere: dict[str, int] = {}
        for name in settings.ERASERS:
            eraser: Eraser = import_string(name)
            elsewhere |= eraser(project.pk, ids, now)
        record(
            "person.erased",
            now=now,
            actor=access.actor,
            project_id=project.pk,
            object_kind="person",
            object_id=hashed,
            detail={"items": len(ids), **elsewhere},
        )
    return Erased(len(ids), elsewhere)
