"""The API of projects and their people, invitations and tokens."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Status
from pydantic import BaseModel, ConfigDict, Field

from reviewapp.accounts import invitations, people, projects, tokens
from reviewapp.accounts.access import authorize
from reviewapp.accounts.adjudication import DisagreementCost
from reviewapp.accounts.masking import MaskingPattern
from reviewapp.accounts.models import Membership, Project
from reviewapp.accounts.roles import Action, Role
from reviewapp.accounts.skills import SkillAsked, parse_skills
from reviewapp.http.asking import actor_of
from reviewapp.http.nulls import NullsAreDefaults
from reviewapp.http.paging import DEFAULT_LIMIT, Cursor, Limit, page_of, read_cursor

router = Router(tags=["Projects"])


class ProjectOut(BaseModel):
    """A project, as a member of it sees it."""

    slug: str
    name: str
    description: str
    overlap: int
    blind: bool
    reveal_after_commit: bool
    extra_reviewers: int
    adjudication_names_hidden: bool
    disagreement_costs: list[DisagreementCost]
    skills_asked: list[SkillAsked]
    gold_rate: float
    gold_minimum: float
    gold_feedback: str
    lease_seconds: int
    undo_seconds: int
    horizon_days: int
    masking: str
    masking_patterns: list[MaskingPattern]
    created_at: datetime
    role: str = Field(description="Your role in it.")

    @classmethod
    def of(cls, project: Project, role: str) -> "ProjectOut":
        """Return what is shown of a project."""
        shown = {name: getattr(project, name) for name in cls.model_fields if name != "role"}
        return cls(role=role, **shown)


class ProjectsPage(BaseModel):
    """A page of projects."""

    results: list[ProjectOut]
    next: str | None


class ProjectChanges(BaseModel):
    """The fields to change; what is left out stays."""

    model_config = ConfigDict(
        extra="allow",  # the service refuses what cannot be changed, with the reason
        json_schema_extra={"additionalProperties": False},
    )

    name: str = ""
    description: str = ""
    overlap: int = 1
    blind: bool = True
    reveal_after_commit: bool = Field(
        default=False, description="Whether reviewers are shown what was hidden once their label is committed."
    )
    extra_reviewers: int = Field(
        default=0, description="How many reviewers more an item may get where the planned ones disagree, 0 to 10."
    )
    adjudication_names_hidden: bool = Field(
        default=True, description="Whether an adjudicator sees whose answers those are only once they have decided."
    )
    disagreement_costs: list[DisagreementCost] = Field(
        default=[], description="What it costs to confuse two answers; 1 where nothing is said."
    )
    skills_asked: list[SkillAsked] = Field(
        default=[],
        description="Which skill an item asks for, by a fact's value; the first that fits.",
    )
    gold_rate: float = Field(default=0.05, description="How many of a person's tasks are golds, 0 to 0.5.")
    gold_minimum: float = Field(
        default=0.7, description="A pause is asked for when accuracy on golds is below this with probability 0.9."
    )
    gold_feedback: Literal["none", "after_each", "daily"] = Field(
        default="none", description="When reviewers are told how they did on golds; what was told cannot be undone."
    )
    lease_seconds: int = 1200
    undo_seconds: int = 10
    horizon_days: int = 7
    masking: Literal["off", "mask", "reversible"] = Field(
        default="mask", description="For items that arrive from now on."
    )
    masking_patterns: list[MaskingPattern] = Field(default=[], description="Patterns of your own (RE2), all of them.")


class _Strict(NullsAreDefaults):
    model_config = ConfigDict(extra="forbid")


class TokenIn(_Strict):
    """What a new token is for."""

    scopes: list[str] = Field(description="ingest, read, label, judge, dataset, evaluate, rollout, admin.")
    username: str | None = Field(default=None, description="The member as whom it acts; you, if left out.")
    expires_days: int | None = Field(default=None, description="Never, if left out.")


class TokenOut(BaseModel):
    """A token just made; it is shown this once."""

    id: int
    token: str


class InvitationIn(_Strict):
    """What an invitation gives."""

    role: str
    email: str = Field(default="", description="For whom it is, as a note; nothing is sent.")


class InvitationOut(BaseModel):
    """The link to hand on; it is shown this once."""

    url: str
    expires_at: datetime


class MemberIn(_Strict):
    """Who is to have which role."""

    username: str
    role: str
    skills: list[str] | None = Field(default=None, description="All that they carry; as before, if left out.")


class MemberOut(BaseModel):
    """A person's role in the project."""

    username: str
    role: str
    skills: list[str]
    new_account: bool = Field(description="Whether an account was made; it has no password yet.")

    @classmethod
    def of(cls, membership: Membership, *, new_account: bool) -> "MemberOut":
        """Return what is shown of a membership."""
        return cls(
            username=membership.user.username, role=membership.role, skills=membership.skills, new_account=new_account
        )


@router.get("", response=ProjectsPage, summary="Your projects")
def list_projects(request: HttpRequest, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> dict[str, Any]:
    """The projects that you are a member of, by slug."""
    actor = actor_of(request)
    after = read_cursor(cursor, of="projects")
    rows = projects.list_projects(actor, after=after[0] if after else None, limit=limit + 1)
    page = page_of(rows, limit=limit, of="projects", key=lambda row: [row.project.slug])
    return {"results": [ProjectOut.of(row.project, row.role) for row in page.results], "next": page.next}


@router.post("/{p}/tokens", response={201: TokenOut}, tags=["People and tokens"], summary="Make a token")
def create_token(request: HttpRequest, p: str, body: TokenIn) -> Status[TokenOut]:
    """Make a token for a program. It acts as one member, within its scopes and never beyond that member's role."""
    access = authorize(actor_of(request), p, Action.EDIT_TOKENS)
    made = tokens.create_token_for(
        access,
        scopes=tokens.parse_scopes(body.scopes),
        username=body.username,
        expires_days=body.expires_days,
        now=timezone.now(),
    )
    return Status(201, TokenOut(id=made.row.pk, token=made.text))


@router.delete("/{p}/tokens/{token_id}", response={204: None}, tags=["People and tokens"], summary="Revoke a token")
def revoke_token(request: HttpRequest, p: str, token_id: int) -> Status[None]:
    """End a token at once."""
    access = authorize(actor_of(request), p, Action.EDIT_TOKENS)
    tokens.revoke_token(access, token_id=token_id, now=timezone.now())
    return Status(204, None)


@router.post("/{p}/invitations", response={201: InvitationOut}, tags=["People and tokens"], summary="Invite a person")
def create_invitation(request: HttpRequest, p: str, body: InvitationIn) -> Status[InvitationOut]:
    """Make a link by which one person joins, within seven days."""
    access = authorize(actor_of(request), p, Action.EDIT_PEOPLE)
    role = people.parse_role(body.role)
    made = invitations.create_invitation(access, role=role, email=body.email, now=timezone.now())
    return Status(201, InvitationOut(url=made.url, expires_at=made.row.expires_at))


@router.post("/{p}/members", response={201: MemberOut}, tags=["People and tokens"], summary="Add a member")
def add_member(request: HttpRequest, p: str, body: MemberIn) -> Status[MemberOut]:
    """Give a person a role, or another one. An unknown username becomes an account without a password."""
    access = authorize(actor_of(request), p, Action.EDIT_PEOPLE)
    added = people.add_member(
        access,
        username=body.username,
        role=Role(people.parse_role(body.role)),
        skills=None if body.skills is None else parse_skills(body.skills),
        now=timezone.now(),
    )
    return Status(201, MemberOut.of(added.membership, new_account=added.new_account))
