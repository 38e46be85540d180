"""Invitations: single-use links into a project; only the hash of a link's secret is kept.

A link works until it is used, revoked or expired, and as long as whoever made it may still give the role it carries.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q

from reviewapp.accounts.access import Access, Actor, require
from reviewapp.accounts.models import Invitation, Membership, Project, User
from reviewapp.accounts.people import make_account, make_member, require_giveable
from reviewapp.accounts.roles import GIVEABLE, Action, Role
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import ConflictError, FieldError, InvalidError, NotFoundError

LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation just made; its address is never to be had again."""

    row: Invitation
    url: str


class InvitationEndedError(NotFoundError):
    """The link was used, revoked or has expired, or never was one: nobody is told which."""

    code = "invitation_ended"
    message = "This invitation no longer works. Ask whoever sent it for a new one."


def create_invitation(access: Access, *, role: Role, email: str, now: datetime) -> NewInvitation:
    """Make a link by which one person joins with the role."""
    require(access, Action.EDIT_PEOPLE)
    require_giveable(access, role)
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            raise InvalidError(fields=(FieldError("email", " ".join(error.messages)),)) from None
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        row = Invitation.objects.create(
            project=access.project,
            role=role,
            email=email,
            secret_sha256=_sha256(secret),
            created_by=access.actor.user,
            created_at=now,
            expires_at=now + LIFETIME,
        )
        detail = {"role": role.value, **({"email_sha256": digest(email)} if email else {})}
        _record("invitation.created", row, now=now, actor=access.actor, detail=detail)
    return NewInvitation(row=row, url=f"{settings.PUBLIC_URL}/join/{secret}")


def list_invitations(access: Access, *, now: datetime) -> list[Invitation]:
    """Return the project's links that still work, newest first."""
    require(access, Action.EDIT_PEOPLE)
    return list(
        Invitation.objects.select_related("created_by").filter(_open(now), project=access.project).order_by("-pk")
    )


def revoke_invitation(access: Access, *, invitation_id: int, now: datetime) -> None:
    """End a link that was not used yet."""
    require(access, Action.EDIT_PEOPLE)
    with transaction.atomic():
        row = (
            Invitation.objects.select_for_update()
            .filter(pk=invitation_id, project=access.project, used_at__isnull=True, revoked_at__isnull=True)
            .first()
        )
        if row is None:
            raise NotFoundError("There is no such open invitation in this project.")
        row.revoked_at = now
        row.save(update_fields=["revoked_at"])
        _record("invitation.revoked", row, now=now, actor=access.actor)


def get_invitation(secret: str, *, now: datetime) -> Invitation:
    """Return the invitation that a link's secret opens, or raise InvitationEndedError."""
    row = Invitation.objects.select_related("project").filter(_open(now), secret_sha256=_sha256(secret)).first()
    if row is None:
        raise InvitationEndedError
    giver = Membership.objects.filter(project_id=row.project_id, user_id=row.created_by_id).first()
    if giver is None or Role(row.role) not in GIVEABLE[Role(giver.role)]:
        raise InvitationEndedError
    return row


def accept_invitation(*, secret: str, user: User, now: datetime) -> Project:
    """Use a link up and make the person a member; a member already keeps their role, and the link."""
    with transaction.atomic():
        row = get_invitation(secret, now=now)
        used = Invitation.objects.filter(_open(now), pk=row.pk).update(used_by=user, used_at=now)
        if not used:
            raise InvitationEndedError  # another request was faster
        try:
            with transaction.atomic():
                make_member(row.project, user, Role(row.role), now=now)
        except IntegrityError:
            message = f"You are a member of {row.project.name} already."
            raise ConflictError(message, code="already_member") from None
        _record("invitation.used", row, now=now, actor=Actor(user=user), detail={"role": row.role})
    return row.project


def join_as_new_person(*, secret: str, username: str, password: str, now: datetime) -> User:
    """Make an account and use the link up with it, or neither. The password is the caller's to check."""
    with transaction.atomic():
        get_invitation(secret, now=now)
        user = make_account(username, password)
        accept_invitation(secret=secret, user=user, now=now)
    return user


def _open(now: datetime) -> Q:
    return Q(used_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now)


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _record(action: str, row: Invitation, *, now: datetime, actor: Actor, detail: dict[str, str] | None = None) -> None:
    record(
        action,
        now=now,
        actor=actor,
        project_id=row.project_id,
        object_kind="invitation",
        object_id=row.pk,
        detail=detail,
    )
