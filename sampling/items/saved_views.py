"""Saved views: who keeps, sees, changes and deletes which lists of items."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.http.errors import ConflictError, FieldError, ForbiddenError, InvalidError, NotFoundError
from sampling.items.columns import MAX_COLUMNS
from sampling.items.text_query import MAX_LENGTH
from sampling.models import SavedView
from sampling.plans.filters import parse_filter

LONGEST_NAME = 100
MAX_VIEWS = 200  # of one person in one project


@dataclass(frozen=True, slots=True)
class ViewContent:
    """What a view shows: a filter as parsed JSON, words, and names of columns."""

    where: dict[str, Any]
    words: str
    columns: Sequence[str]


def list_views(access: Access) -> list[SavedView]:
    """Return the person's own views and the shared ones of others, by name."""
    require(access, Action.SEE_ITEMS)
    return list(_seen(access).select_related("owner").order_by("name", "pk"))


def get_view(access: Access, view_id: int) -> SavedView:
    """Return a view that the person may see, or raise NotFoundError."""
    require(access, Action.SEE_ITEMS)
    view = _seen(access).select_related("owner").filter(pk=view_id).first()
    if view is None:
        raise NotFoundError("There is no such saved view, or it is somebody else's own.")
    return view


def may_change(access: Access, view: SavedView) -> bool:
    """Tell whether the person may change or delete the view: its owner, and for shared ones who edits the project."""
    return view.owner_id == access.actor.user.pk or (view.shared and access.may(Action.EDIT_PROJECT))


def save_view(access: Access, *, name: str, content: ViewContent, shared: bool, now: datetime) -> SavedView:
    """Save a view of the person's own. Raises InvalidError, and ConflictError `view_exists` where the name is taken."""
    require(access, Action.SEE_ITEMS)
    if SavedView.objects.filter(project=access.project, owner=access.actor.user).count() >= MAX_VIEWS:
        raise InvalidError(f"You have {MAX_VIEWS} saved views here. Delete some first.")
    view = SavedView(project=access.project, owner=access.actor.user, created_at=now)
    return _stored(view, name=name, content=content, shared=shared, now=now)


def change_view(
    access: Access, *, view_id: int, name: str, shared: bool, content: ViewContent | None, now: datetime
) -> SavedView:
    """Rename a view, share it or not, and where there is a content replace its own."""
    view = _changeable(access, view_id)
    return _stored(view, name=name, content=content, shared=shared, now=now)


def delete_view(access: Access, *, view_id: int) -> str:
    """Delete a view, and return what it was called. The items stay, of course."""
    view = _changeable(access, view_id)
    view.delete()
    return view.name


def _seen(access: Access) -> QuerySet[SavedView]:
    return SavedView.objects.filter(Q(owner=access.actor.user) | Q(shared=True), project=access.project)


def _changeable(access: Access, view_id: int) -> SavedView:
    view = get_view(access, view_id)
    if not may_change(access, view):
        raise ForbiddenError("Only its owner, and for shared views an owner or lead of the project, may do this.")
    return view


def _stored(view: SavedView, *, name: str, content: ViewContent | None, shared: bool, now: datetime) -> SavedView:
    view.name, view.shared, view.updated_at = _checked_name(name), shared, now
    if content is not None:
        parse_filter(content.where)
        view.where, view.words = content.where, content.words[:MAX_LENGTH]
        view.columns = list(content.columns)[:MAX_COLUMNS]
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        message = f"There is a view named “{view.name}” already. Choose another name."
        raise ConflictError(message, code="view_exists") from None
    return view


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or "\0" in name:
        message = f"At most {LONGEST_NAME} characters." if name else "Give the view a name."
        raise InvalidError(message, fields=(FieldError("name", message),))
    return name
