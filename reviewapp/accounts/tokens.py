"""API tokens: made once, shown once, kept as a hash, checked on every request.

A token reads `rvw_<public id>_<secret><checksum>`: the prefix for secret scanners, the public id to find the row, and
a CRC-32 so that a mistyped token is refused without asking the database.
"""

import hashlib
import hmac
import secrets
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from reviewapp.accounts.access import Access, Actor, require
from reviewapp.accounts.asked_often import find_token
from reviewapp.accounts.models import ApiToken, Membership, Project, User
from reviewapp.accounts.roles import GIVEABLE, Action, Role, Scope
from reviewapp.audit.record import record
from reviewapp.http.errors import FieldError, ForbiddenError, InvalidError, NotFoundError

PREFIX = "rvw"
MAX_DAYS = 3650
_TOUCH_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; `text` is never to be had again."""

    row: ApiToken
    text: str


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def parse_scopes(names: Iterable[str]) -> frozenset[Scope]:
    """Return the scopes of the names, or raise InvalidError naming the unknown ones."""
    names = list(names)
    known = {scope.value for scope in Scope}
    unknown = [
        FieldError(f"scopes.{index}", f"{name!r} is not a scope; there are {', '.join(sorted(known))}.")
        for index, name in enumerate(names)
        if name not in known
    ]
    if unknown or not names:
        raise InvalidError(
            "A token needs known scopes.", fields=tuple(unknown) or (FieldError("scopes", "Name at least one scope."),)
        )
    return frozenset(Scope(name) for name in names)


def _expiry(days: int | None, *, now: datetime) -> datetime | None:
    if days is None:
        return None
    if not 1 <= days <= MAX_DAYS:
        raise InvalidError(fields=(FieldError("expires_days", f"A token lives for 1 to {MAX_DAYS} days."),))
    return now + timedelta(days=days)


def make_token(
    *,
    user: User,
    project: Project | None,
    scopes: frozenset[Scope],
    now: datetime,
    expires_days: int | None = None,
    actor: Actor | None = None,
) -> NewToken:
    """Store a new token acting as `user` and return it with its text. Access is the caller's to check."""
    expires_at = _expiry(expires_days, now=now)
    public_id = secrets.token_hex(6)
    secret = secrets.token_urlsafe(32).replace("_", "-")
    body = f"{PREFIX}_{public_id}_{secret}"
    with transaction.atomic():
        row = ApiToken.objects.create(
            public_id=public_id,
            secret_sha256=_sha256(secret),
            user=user,
            project=project,
            scopes=sorted(scope.value for scope in scopes),
            created_by=actor.user if actor else None,
            created_at=now,
            expires_at=expires_at,
        )
        record(
            "token.created",
            now=now,
            actor=actor,
            project_id=project.pk if project else None,
            object_kind="token",
            object_id=row.pk,
            detail={"acts_as": user.pk, "scopes": row.scopes, "expires_days": expires_days},
        )
    return NewToken(row=row, text=body + _checksum(body))


def create_token_for(
    access: Access,
    *,
    scopes: frozenset[Scope],
    username: str | None,
    expires_days: int | None,
    now: datetime,
) -> NewToken:
    """Make a token in a project, acting as the caller or, with `username`, as another member.

    Nobody makes a token stronger than what they may give: a token for another member needs the right to give that
    member's role, and a token made through a token neither exceeds its maker's scopes nor outlives it.
    """
    require(access, Action.EDIT_TOKENS)
    _keep_to_maker(access.actor, scopes=scopes, expires_days=expires_days, now=now)
    user = access.actor.user
    if username is not None and username != user.username:
        member = (
            Membership.objects.select_related("user").filter(project=access.project, user__username=username).first()
        )
        if member is None:
            raise InvalidError(fields=(FieldError("username", "Nobody of that name is a member of this project."),))
        if Role(member.role) not in GIVEABLE[access.role]:
            raise ForbiddenError("You may not make a token that acts as somebody with that role.")
        user = member.user
    return make_token(
        user=user, project=access.project, scopes=scopes, now=now, expires_days=expires_days, actor=access.actor
    )


def _keep_to_maker(actor: Actor, *, scopes: frozenset[Scope], expires_days: int | None, now: datetime) -> None:
    """Refuse a token that would be worth more than the token it is made with."""
    if actor.scopes is None or actor.token_id is None:
        return
    beyond = sorted(scopes - actor.scopes)
    if beyond:
        raise ForbiddenError(
            f"The token that you use lacks {', '.join(beyond)}, and cannot make one that has it.", code="missing_scope"
        )
    maker = ApiToken.objects.get(pk=actor.token_id)
    ends = _expiry(expires_days, now=now)
    if maker.expires_at is not None and (ends is None or ends > maker.expires_at):
        message = (
            f"The token that you use ends at {maker.expires_at.isoformat()}, and cannot make one that outlives it."
        )
        raise ForbiddenError(message, code="outlives_maker", fields=(FieldError("expires_days", message),))


def list_tokens(access: Access) -> list[ApiToken]:
    """Return the project's tokens that are not revoked, newest first; expired ones say so."""
    require(access, Action.EDIT_TOKENS)
    return list(
        ApiToken.objects.select_related("user", "created_by")
        .filter(project=access.project, revoked_at__isnull=True)
        .order_by("-pk")
    )


def revoke_token(access: Access, *, token_id: int, now: datetime) -> None:
    """End a token of the project at once."""
    require(access, Action.EDIT_TOKENS)
    with transaction.atomic():
        ended = ApiToken.objects.filter(pk=token_id, project=access.project, revoked_at__isnull=True).update(
            revoked_at=now
        )
        if not ended:
            raise NotFoundError("There is no such token in this project.")
        record(
            "token.revoked",
            now=now,
            actor=access.actor,
            project_id=access.project.pk,
            object_kind="token",
            object_id=token_id,
        )


def find_actor(text: str, *, now: datetime) -> Actor | None:
    """Return who a token acts as, or None where it is mistyped, unknown, ended, or its person is inactive."""
    body, checksum = text[:-8], text[-8:]
    parts = body.split("_")
    if len(parts) != 3 or parts[0] != PREFIX or not hmac.compare_digest(_checksum(body).encode(), checksum.encode()):
        return None
    row = find_token(parts[1], now=now)
    if row is None or not hmac.compare_digest(row.secret_sha256, _sha256(parts[2])) or not row.user.is_active:
        return None
    if row.last_used_at is None or now - row.last_used_at > _TOUCH_AFTER:
        ApiToken.objects.filter(pk=row.id).update(last_used_at=now)
    return Actor(
        user=row.user,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        token_project_id=row.project_id,
        token_id=row.id,
        own=row.membership,
    )
