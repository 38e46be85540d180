"""Keyset paging: `{"results": [...], "next": "<cursor>" | null}`, the same cost on every page.

A cursor holds the sort key of the last row shown, signed together with the list it belongs to (`of`: the list's name
and whatever filters it), so that a cursor of another list, or one made up, is refused instead of paging somewhere else:

    after = read_cursor(cursor, of=f"projects:{user.pk}")
    rows = list(<rows behind `after`, in order, limit + 1 of them>)
    return page_of(rows, limit=limit, of=f"projects:{user.pk}", key=lambda row: [row.slug])
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from django.core.signing import BadSignature, Signer
from ninja import Query

from reviewapp.http.errors import FieldError, MalformedError

Row = TypeVar("Row")

Cursor = Annotated[str | None, Query(description="next of the page before; leave it out for the first page.")]
Limit = Annotated[int, Query(ge=1, le=500, description="Rows on a page.")]
DEFAULT_LIMIT = 50


class Page(NamedTuple, Generic[Row]):
    """Some rows of a list, and the cursor of the rows behind them (None at the end)."""

    results: list[Row]
    next: str | None


def page_of(rows: Sequence[Row], *, limit: int, of: str, key: Callable[[Row], list[Any]]) -> Page[Row]:
    """Return the page of the first `limit` rows; one row more says that there is a next page."""
    shown = list(rows[:limit])
    more = len(rows) > limit
    return Page(shown, write_cursor(key(shown[-1]), of=of) if more else None)


def write_cursor(key: list[Any], *, of: str) -> str:
    """Return the cursor of the rows behind a sort key."""
    return _signer(of).sign_object(key, compress=True)


def read_cursor(text: str | None, *, of: str) -> list[Any] | None:
    """Return the sort key behind which the page begins, None for the first page."""
    if not text:
        return None
    try:
        key = _signer(of).unsign_object(text)
    except (BadSignature, ValueError):
        message = "This is no cursor of this list. Begin again without one."
        raise MalformedError(message, code="bad_cursor", fields=(FieldError("cursor", message),)) from None
    return list(key)


def _signer(of: str) -> Signer:
    return Signer(salt=f"cursor:{of}")
