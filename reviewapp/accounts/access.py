"""The one question of who may do what where: `authorize`."""

from dataclasses import dataclass

from reviewapp.accounts.asked_often import MembershipRow, find_membership
from reviewapp.accounts.models import Membership, Project, User
from reviewapp.accounts.roles import Action, Role, Scope, role_may, scopes_may
from reviewapp.http.errors import ForbiddenError, NotFoundError


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking: a person, by a browser session (`scopes` None) or through a token.

    `token_project_id` is the only project a project's token reaches, and `own` the person's role in it, read along
    with the token: both end as soon as they are revoked.
    """

    user: User
    scopes: frozenset[Scope] | None = None
    token_project_id: int | None = None
    token_id: int | None = None
    own: MembershipRow | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """The answer: this actor, in this project, with this role."""

    actor: Actor
    project: Project
    role: Role

    def may(self, action: Action) -> bool:
        """Tell whether the actor may also do this in the project."""
        scopes = self.actor.scopes
        return role_may(self.role, action) and (scopes is None or scopes_may(scopes, action))


def authorize(actor: Actor, slug: str, action: Action) -> Access:
    """Return the access of the actor to the project named by its slug.

    Raises NotFoundError for people outside the project (a stranger learns nothing) and for another project's token,
    ForbiddenError where role or scope do not suffice.
    """
    if actor.own is not None and actor.own.project.slug == slug:
        return authorize_own(actor, action)
    return authorize_where(actor, "p.slug = %s", slug, action)


def authorize_own(actor: Actor, action: Action) -> Access:
    """Do the same for the project of the actor's token."""
    if actor.own is None:
        raise NotFoundError("There is no such project, or you are not a member of it.")
    return _let_in(actor, actor.own, action)


LAST_ID = 2**63 - 1  # no row has a greater one, and Postgres takes none


def authorize_where(actor: Actor, where: str, value: str | int, action: Action) -> Access:
    """Do the same for the one project `p` that a condition of ours names (see `find_membership`)."""
    membership = find_membership(actor.user.pk, where, value)
    if membership is None or (actor.token_project_id not in {None, membership.project.pk}):
        raise NotFoundError("There is no such project, or you are not a member of it.")
    return _let_in(actor, membership, action)


def _let_in(actor: Actor, membership: MembershipRow, action: Action) -> Access:
    access = Access(actor=actor, project=membership.project, role=Role(membership.role))
    require(access, action)
    return access


def require(access: Access, action: Action) -> None:
    """Refuse unless the access includes the action."""
    if access.may(action):
        return
    if role_may(access.role, action):
        raise ForbiddenError("This token lacks the scope that this needs.", code="missing_scope")
    raise ForbiddenError


def authorize_new_projects(actor: Actor) -> None:
    """Refuse unless the actor may make projects: a superuser, by session or by a site token with scope admin."""
    if actor.token_project_id is not None or not actor.user.is_superuser:
        raise ForbiddenError("Only a superuser makes projects, signed in or with a site token.")
    if actor.scopes is not None and Scope.ADMIN not in actor.scopes:
        raise ForbiddenError("This token lacks the scope admin.", code="missing_scope")


def projects_for(actor: Actor) -> list[Membership]:
    """Return the memberships of the actor with their projects, by name."""
    memberships = Membership.objects.select_related("project").filter(user_id=actor.user.pk)
    if actor.token_project_id is not None:
        memberships = memberships.filter(project_id=actor.token_project_id)
    return list(memberships.order_by("project__name", "project_id"))


def authorize_anywhere(actor: Actor, action: Action) -> None:
    """Refuse unless the actor is a superuser, or may do this in one of the projects that they reach."""
    scopes = actor.scopes
    if scopes is not None and not scopes_may(scopes, action):
        raise ForbiddenError("This token lacks the scope that this needs.", code="missing_scope")
    if actor.user.is_superuser and actor.token_project_id is None:
        return
    if not any(role_may(Role(membership.role), action) for membership in projects_for(actor)):
        raise ForbiddenError
