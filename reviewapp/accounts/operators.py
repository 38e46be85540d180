"""What an operator does at the command line: accounts, and tokens for whole sites or projects."""

from datetime import datetime

from django.db import transaction

from reviewapp.accounts.models import Membership, Project, User
from reviewapp.accounts.people import make_account
from reviewapp.accounts.roles import Role, Scope
from reviewapp.accounts.tokens import NewToken, make_token
from reviewapp.audit.record import record
from reviewapp.http.errors import InvalidError, NotFoundError


def create_user(*, username: str, password: str | None, superuser: bool, now: datetime) -> User:
    """Store a person; without a password nobody can sign in as them yet."""
    with transaction.atomic():
        user = make_account(username, password)
        if superuser:
            user.is_superuser = user.is_staff = True
            user.save(update_fields=["is_superuser", "is_staff"])
        record(
            "user.created",
            now=now,
            actor=None,
            project_id=None,
            object_kind="user",
            object_id=user.pk,
            detail={"superuser": superuser},
        )
    return user


def get_person(username: str) -> User:
    """Return the person of that name, or raise NotFoundError."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise NotFoundError(f"There is no person {username!r}.")
    return user


def get_project(slug: str) -> Project:
    """Return the project of that slug, or raise NotFoundError; operators are members of everything."""
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        raise NotFoundError(f"There is no project {slug!r}.")
    return project


def get_only_superuser() -> User:
    """Return the one superuser, where nobody was named; none or several is an error that says what to do."""
    found = list(User.objects.filter(is_superuser=True, is_active=True)[:2])
    if len(found) != 1:
        problem = "There are several superusers" if found else "There is no superuser yet"
        raise InvalidError(f"{problem}: say who it is to be, or make one with create_user NAME --superuser.")
    return found[0]


def create_project_token(
    *, slug: str, username: str | None, scopes: frozenset[Scope], expires_days: int | None, now: datetime
) -> NewToken:
    """Make a token of a project, acting as a member; the project's first owner, if nobody is named."""
    project = get_project(slug)
    members = Membership.objects.select_related("user").filter(project=project)
    if username is None:
        member = members.filter(role=Role.OWNER).order_by("pk").first()
    else:
        member = members.filter(user__username=username).first()
    if member is None:
        raise NotFoundError(f"{username!r} is not a member of {slug!r}." if username else f"{slug!r} has no owner.")
    return make_token(user=member.user, project=project, scopes=scopes, expires_days=expires_days, now=now)


def create_site_token(
    *, username: str | None, scopes: frozenset[Scope], expires_days: int | None, now: datetime
) -> NewToken:
    """Make a token that is bound to no project, acting as a superuser."""
    user = get_person(username) if username else get_only_superuser()
    if not user.is_superuser:
        raise InvalidError(f"{user.username!r} is not a superuser; name a project for a token of theirs.")
    return make_token(user=user, project=None, scopes=scopes, expires_days=expires_days, now=now)
