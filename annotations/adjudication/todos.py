"""What the guidelines leave unclear, as adjudicators met it: a to-do list for whoever looks after the rubric."""

from datetime import datetime

from django.db import transaction

from annotations.models import GuidelineTodo
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import FieldError, InvalidError, NotFoundError

LONGEST = 2000
SHOWN_CLOSED = 20


def checked_unclear(text: str) -> str:
    """Return what is unclear as it is stored, or raise InvalidError."""
    text = text.strip()
    if len(text) > LONGEST or "\0" in text:
        raise InvalidError(fields=(FieldError("unclear", f"At most {LONGEST:,} characters of text."),))
    return text


def add_todo(access: Access, *, item_id: int, rubric_id: int, text: str, now: datetime) -> None:
    """Note what is unclear, in the caller's transaction; the same about one item is noted once."""
    todo, made = GuidelineTodo.objects.get_or_create(
        project=access.project,
        item_id=item_id,
        text=text,
        closed_at=None,
        defaults={"rubric_id": rubric_id, "created_by": access.actor.user, "created_at": now},
    )
    if made:
        _record("guidelines.unclear", access, todo, now)


def list_todos(access: Access) -> tuple[list[GuidelineTodo], list[GuidelineTodo]]:
    """Return what is open, the oldest first, and the last that were closed."""
    require(access, Action.EDIT_RUBRIC)
    rows = GuidelineTodo.objects.select_related("item", "rubric", "created_by", "closed_by").filter(
        project=access.project
    )
    rows = rows.only(
        "text", "created_at", "closed_at", "item__external_id", "rubric__version", "created_by__username",
        "closed_by__username",
    )  # fmt: skip
    return list(rows.filter(closed_at=None).order_by("pk")[:200]), list(
        rows.exclude(closed_at=None).order_by("-closed_at")[:SHOWN_CLOSED]
    )


def close_todo(access: Access, *, todo_id: int, now: datetime) -> None:
    """Close an entry; closing it again changes nothing. Raises NotFoundError."""
    require(access, Action.EDIT_RUBRIC)
    with transaction.atomic():
        todo = GuidelineTodo.objects.select_for_update().filter(project=access.project, pk=todo_id).first()
        if todo is None:
            raise NotFoundError("There is no such entry on the list.")
        if todo.closed_at is None:
            todo.closed_at, todo.closed_by = now, access.actor.user
            todo.save(update_fields=["closed_at", "closed_by"])
            _record("guidelines.todo_closed", access, todo, now)


def _record(action: str, access: Access, todo: GuidelineTodo, now: datetime) -> None:
    record(
        action,
        now=now,
        actor=access.actor,
        project_id=access.project.pk,
        object_kind="guideline_todo",
        object_id=todo.pk,
        detail={"text_sha256": digest(todo.text)},
    )
