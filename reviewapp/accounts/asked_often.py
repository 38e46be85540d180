"""What every request asks: whose token, and which role in which project. Fixed statements, because compiling the same
two queries anew took more of a request's time than all other Python in it."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from django.db import connection
from django.db.models import JSONField, Model

from reviewapp.accounts.models import Project, User

_M = TypeVar("_M", bound=Model)


class MembershipRow(NamedTuple):
    """A person's role in a project."""

    role: str
    project: Project


class TokenRow(NamedTuple):
    """A token that has not ended, whom it acts as, and as what in the project that it belongs to."""

    id: int
    secret_sha256: str
    project_id: int | None
    scopes: list[str]
    last_used_at: datetime | None
    user: User
    membership: MembershipRow | None


def _columns(model: type[Model], alias: str) -> str:
    return ", ".join(f"{alias}.{field.column}" for field in model._meta.concrete_fields)


def _made(model: type[_M], values: Sequence[Any]) -> _M:
    fields = model._meta.concrete_fields
    read = [
        json.loads(value) if isinstance(field, JSONField) else value
        for field, value in zip(fields, values, strict=True)
    ]
    return model.from_db("default", [field.attname for field in fields], read)


_TOKEN = f"""
SELECT (f.token).id, (f.token).secret_sha256, (f.token).project_id, (f.token).scopes, (f.token).last_used_at, f.role,
    {_columns(User, "(f.person)")}, {_columns(Project, "(f.project)")}
FROM accounts_find_token(%s, %s) f
"""  # noqa: S608 — the columns are the models' own
_MEMBERSHIP = f"""
SELECT m.role, {_columns(Project, "p")}
FROM accounts_membership m JOIN accounts_project p ON p.id = m.project_id
WHERE m.user_id = %s AND """  # noqa: S608


def find_token(public_id: str, *, now: datetime) -> TokenRow | None:
    """Return the token of this public id that is neither revoked nor expired, or None."""
    with connection.cursor() as cursor:
        cursor.execute(_TOKEN, [public_id, now])
        row = cursor.fetchone()
    if row is None:
        return None
    last = 6 + len(User._meta.concrete_fields)
    membership = None if row[5] is None else MembershipRow(row[5], _made(Project, row[last:]))
    return TokenRow._make((*row[:5], _made(User, row[6:last]), membership))


def find_membership(user_id: int, where: str, value: str | int) -> MembershipRow | None:
    """Return the person's role in the one project `p` for which the condition holds, or None.

    `where` is SQL of ours with one placeholder, never anything that was sent.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERSHIP + where, [user_id, value])
        row = cursor.fetchone()
    return None if row is None else MembershipRow(row[0], _made(Project, row[1:]))
