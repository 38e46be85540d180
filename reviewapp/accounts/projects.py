"""Projects: made with their owner, changed with a record of it."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from reviewapp.accounts.access import Access, Actor, require
from reviewapp.accounts.adjudication import parse_costs
from reviewapp.accounts.masking import parse_masking_patterns
from reviewapp.accounts.models import Masking, Membership, Project, User
from reviewapp.accounts.roles import Action, Role
from reviewapp.accounts.skills import parse_skills_asked
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import ConflictError, FieldError, InvalidError

EDITABLE = frozenset(
    {
        "name",
        "description",
        "overlap",
        "blind",
        "reveal_after_commit",
        "extra_reviewers",
        "adjudication_names_hidden",
        "disagreement_costs",
        "skills_asked",
        "gold_rate",
        "gold_minimum",
        "gold_feedback",
        "lease_seconds",
        "undo_seconds",
        "horizon_days",
        "masking",
        "masking_patterns",
    }
)
_FIXED = {
    "slug": "The slug is part of every address and cannot be changed.",
    "sampling_salt": "The salt decides every draw; another one would make the draws so far wrong.",
}


@dataclass(frozen=True, slots=True)
class ProjectSpec:
    """What a new project is made from; an empty salt means a fresh random one."""

    slug: str
    name: str
    description: str = ""
    overlap: int = 1
    blind: bool = True
    reveal_after_commit: bool = False
    extra_reviewers: int = 0
    adjudication_names_hidden: bool = True
    disagreement_costs: Sequence[Mapping[str, Any]] = ()
    skills_asked: Sequence[Mapping[str, str]] = ()
    lease_seconds: int = 1200
    undo_seconds: int = 10
    horizon_days: int = 7
    masking: str = Masking.MASK
    masking_patterns: Sequence[Mapping[str, str]] = ()
    sampling_salt: str = ""


def refuse_salt(salt: str) -> None:
    """Refuse a salt with control characters: one of them separates salt and id where random numbers are made."""
    if not salt.isprintable():
        message = "A salt is made of printable characters."
        raise InvalidError(message, fields=(FieldError("sampling_salt", message),))


def checked(project: Project) -> Project:
    """Return the project, or raise InvalidError naming each field that breaks a rule."""
    try:
        project.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        fields = tuple(FieldError(name, " ".join(messages)) for name, messages in error.message_dict.items())
        raise InvalidError(fields=fields) from None
    return project


def add_project(*, owner: User, spec: ProjectSpec, actor: Actor | None, now: datetime) -> Project:
    """Store a project with its owner. Plan, rubric and queue are the later stages' to add."""
    refuse_salt(spec.sampling_salt)
    project = checked(
        Project(
            slug=spec.slug,
            name=spec.name,
            description=spec.description,
            overlap=spec.overlap,
            blind=spec.blind,
            reveal_after_commit=spec.reveal_after_commit,
            extra_reviewers=spec.extra_reviewers,
            adjudication_names_hidden=spec.adjudication_names_hidden,
            disagreement_costs=parse_costs(list(spec.disagreement_costs)),
            skills_asked=parse_skills_asked(list(spec.skills_asked)),
            lease_seconds=spec.lease_seconds,
            undo_seconds=spec.undo_seconds,
            horizon_days=spec.horizon_days,
            masking=spec.masking,
            masking_patterns=parse_masking_patterns(list(spec.masking_patterns)),
            sampling_salt=spec.sampling_salt or secrets.token_hex(16),
            created_by=owner,
            created_at=now,
        )
    )
    try:
        with transaction.atomic():
            project.save(force_insert=True)
            Membership.objects.create(project=project, user=owner, role=Role.OWNER, created_at=now)
            record(
                "project.created",
                now=now,
                actor=actor,
                project_id=project.pk,
                object_kind="project",
                object_id=project.pk,
                detail={"slug": project.slug, "owner": owner.pk, "salt_sha256": digest(project.sampling_salt)},
            )
    except IntegrityError as error:
        if "slug" not in str(error):
            raise
        message = f"There is a project {spec.slug!r} already."
        raise ConflictError(message, code="slug_taken", fields=(FieldError("slug", message),)) from None
    return project


def edit_project(access: Access, *, changes: Mapping[str, Any], now: datetime) -> Project:
    """Change the named fields of a project and return it as it is now."""
    require(access, Action.EDIT_PROJECT)
    refused = tuple(
        FieldError(name, _FIXED.get(name, "There is no such field.")) for name in changes if name not in EDITABLE
    )
    if refused:
        raise InvalidError(fields=refused)
    if "masking_patterns" in changes:
        changes = {**changes, "masking_patterns": parse_masking_patterns(changes["masking_patterns"])}
    if "disagreement_costs" in changes:
        changes = {**changes, "disagreement_costs": parse_costs(changes["disagreement_costs"])}
    if "skills_asked" in changes:
        changes = {**changes, "skills_asked": parse_skills_asked(changes["skills_asked"])}
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True).get(pk=access.project.pk)
        before = {name: getattr(project, name) for name in changes}
        for name, value in changes.items():
            setattr(project, name, value)
        checked(project)
        changed = sorted(name for name in changes if getattr(project, name) != before[name])
        if changed:
            if project.blind and "blind" in changed:
                project.blind_since = now
            project.save(update_fields=[*changed, "blind_since"])
            record(
                "project.changed",
                now=now,
                actor=access.actor,
                project_id=project.pk,
                object_kind="project",
                object_id=project.pk,
                # Names, descriptions and patterns are people's text: that they changed is kept, not what they say.
                detail={
                    "changed": changed,
                    **{
                        name: getattr(project, name)
                        for name in changed
                        if name not in {"name", "description", "masking_patterns", "skills_asked"}
                    },
                },
            )
    return project


def list_projects(actor: Actor, *, after: str | None, limit: int) -> list[Membership]:
    """Return up to `limit` memberships of the actor with their projects, by slug, behind the slug `after`."""
    memberships = Membership.objects.select_related("project").filter(user_id=actor.user.pk)
    if actor.token_project_id is not None:
        memberships = memberships.filter(project_id=actor.token_project_id)
    if after is not None:
        memberships = memberships.filter(project__slug__gt=after)
    return list(memberships.order_by("project__slug")[:limit])
