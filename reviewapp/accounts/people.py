"""The people of a project: added, given another role, removed; a project always keeps an owner."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string

from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import Membership, Project, User
from reviewapp.accounts.roles import GIVEABLE, Action, Role
from reviewapp.audit.record import record
from reviewapp.http.errors import ConflictError, FieldError, ForbiddenError, InvalidError, NotFoundError


@dataclass(frozen=True, slots=True)
class Added:
    """A person's role as it is now, and whether their account was made for it."""

    membership: Membership
    new_account: bool


def parse_role(name: str) -> Role:
    """Return the role of that name, or raise InvalidError naming those that exist."""
    try:
        return Role(name)
    except ValueError:
        message = f"{name!r} is not a role; there are {', '.join(Role)}."
        raise InvalidError(fields=(FieldError("role", message),)) from None


def require_giveable(access: Access, role: Role) -> None:
    """Refuse unless the person asking may give, or take, the role."""
    if role not in GIVEABLE[access.role]:
        raise ForbiddenError(f"As {access.role} you may neither give nor take the role {role}.")


def list_members(access: Access) -> list[Membership]:
    """Return the project's memberships with their people, by username."""
    require(access, Action.SEE_PEOPLE)
    return list(Membership.objects.select_related("user").filter(project=access.project).order_by("user__username"))


def add_member(access: Access, *, username: str, role: Role, now: datetime, skills: list[str] | None = None) -> Added:
    """Give a person a role in the project, or another one; an unknown username becomes an account without password.

    `skills` are all that they carry; None leaves them as they are.
    """
    require(access, Action.EDIT_PEOPLE)
    require_giveable(access, role)
    with transaction.atomic():
        _lock(access.project)
        user, new_account = _get_or_make(username)
        membership = Membership.objects.filter(project=access.project, user=user).first()
        before = membership.role if membership else None
        if membership is None:
            membership = make_member(access.project, user, role, now=now)
        elif before != role:
            require_giveable(access, Role(membership.role))
            _keep_an_owner(membership)
            membership.role = role
            membership.save(update_fields=["role"])
        _record(access, user, now=now, before=before, after=role)
        if skills is not None and skills != membership.skills:
            require_giveable(access, Role(membership.role))
            membership.skills = skills
            membership.save(update_fields=["skills"])
            record(
                "member.skills_changed",
                now=now,
                actor=access.actor,
                project_id=access.project.pk,
                object_kind="user",
                object_id=user.pk,
                detail={"skills": skills},
            )
    return Added(membership, new_account)


def make_member(project: Project, user: User, role: Role, *, now: datetime) -> Membership:
    """Make somebody a member, in the caller's transaction; the queue learns of it, who may know them by name."""
    membership = Membership.objects.create(project=project, user=user, role=role, created_at=now)
    import_string(settings.QUEUE_MEMBER)(project=project, person=user)
    return membership


def remove_member(access: Access, *, username: str, now: datetime) -> None:
    """Take a person out of the project; what they did stays, and their tokens reach it no more."""
    require(access, Action.EDIT_PEOPLE)
    with transaction.atomic():
        _lock(access.project)
        membership = (
            Membership.objects.select_related("user").filter(project=access.project, user__username=username).first()
        )
        if membership is None:
            raise NotFoundError("Nobody of that name is a member of this project.")
        require_giveable(access, Role(membership.role))
        _keep_an_owner(membership)
        membership.delete()
        _record(access, membership.user, now=now, before=membership.role, after=None)


def _lock(project: Project) -> None:
    """Let changes of people follow each other, or two owners could remove one another at once."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def _keep_an_owner(membership: Membership) -> None:
    if membership.role != Role.OWNER:
        return
    others = Membership.objects.filter(project_id=membership.project_id, role=Role.OWNER).exclude(pk=membership.pk)
    if not others.exists():
        raise ConflictError("A project needs an owner. Make somebody else an owner first.", code="last_owner")


def make_account(username: str, password: str | None) -> User:
    """Store a new person and return them; without a password nobody can sign in as them yet."""
    user = User(username=User.normalize_username(username))
    user.set_password(password)
    try:
        user.full_clean(exclude=["password"], validate_unique=False)
    except ValidationError as error:
        message = " ".join(error.message_dict.get("username", error.messages))
        raise InvalidError(fields=(FieldError("username", message),)) from None
    alike = User.objects.filter(username__iexact=user.username).first()
    taken = f"There is a person {alike.username!r} already." if alike else ""
    try:
        with transaction.atomic():
            if not alike:
                user.save(force_insert=True)
                return user
    except IntegrityError:
        taken = f"There is a person {user.username!r} already."
    raise ConflictError(taken, code="username_taken", fields=(FieldError("username", taken),))


def _get_or_make(username: str) -> tuple[User, bool]:
    user = User.objects.filter(username=User.normalize_username(username)).first()
    return (user, False) if user is not None else (make_account(username, None), True)


def _record(access: Access, user: User, *, now: datetime, before: str | None, after: str | None) -> None:
    if before == after:
        return
    record(
        "member.added" if before is None else "member.removed" if after is None else "member.role_changed",
        now=now,
        actor=access.actor,
        project_id=access.project.pk,
        object_kind="user",
        object_id=user.pk,
        detail={"from": before, "to": after},
    )
