"""A whole project in one transaction: people, plan version 0, rubric, an empty queue."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from django.db import transaction
from pydantic import ConfigDict, Field

from annotations.queue.counters import add_queue
from annotations.rubrics.publish import publish_rubric
from reviewapp.accounts.access import Actor
from reviewapp.accounts.adjudication import DisagreementCost
from reviewapp.accounts.masking import MaskingPattern
from reviewapp.accounts.models import Project, User
from reviewapp.accounts.projects import ProjectSpec, add_project
from reviewapp.accounts.skills import SkillAsked
from reviewapp.http.nulls import NullsAreDefaults
from sampling.checks.body import Check, ChecksIn
from sampling.checks.publish import parse_checks, publish_checks
from sampling.plans.publish import add_first_plan


class ProjectBody(NullsAreDefaults):
    """The body of `POST /projects`, and the spec file of `create_project`."""

    model_config = ConfigDict(extra="forbid")

    slug: str = Field(description="Lower-case letters, digits and inner dashes; part of every address, for good.")
    name: str
    description: str = ""
    overlap: int = Field(default=1, description="How many independent labels an item needs.")
    blind: bool = Field(default=True, description="Whether reviewers see no more than what they are to judge.")
    reveal_after_commit: bool = Field(
        default=False, description="Whether they are shown what was hidden once their label is committed; it ends undo."
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
    lease_seconds: int = 1200
    undo_seconds: int = 10
    horizon_days: int = 7
    masking: Literal["off", "mask", "reversible"] = Field(
        default="mask", description="What becomes of personal data before anything is stored."
    )
    masking_patterns: list[MaskingPattern] = Field(
        default=[], description="What else is masked: patterns of RE2; with a group in it, only the group."
    )
    sampling_salt: str = Field(default="", description="Decides the draws; a random one if left out.")
    checks: ChecksIn = Field(default=[], description="Asked of each item that arrives.")
    rubric: dict[str, Any] | None = Field(default=None, description="As in `PUT /projects/{p}/rubric`.")


class NewProject(NamedTuple):
    """A checked body, ready for `create_project`."""

    spec: ProjectSpec
    rubric: dict[str, Any] | None
    checks: list[Check]


def read_project(body: ProjectBody) -> NewProject:
    """Return the parts of a body."""
    spec = ProjectSpec(**body.model_dump(exclude={"checks", "rubric"}))
    return NewProject(spec, body.rubric, parse_checks(body.checks))


def create_project(
    *,
    owner: User,
    spec: ProjectSpec,
    rubric: dict[str, Any] | None,
    checks: Sequence[Check] = (),
    actor: Actor | None,
    now: datetime,
) -> Project:
    """Make a project that can take items at once; with no plan, every item is drawn."""
    with transaction.atomic():
        project = add_project(owner=owner, spec=spec, actor=actor, now=now)
        add_first_plan(project, now=now)
        add_queue(project)
        if checks:
            publish_checks(project=project, checks=checks, actor=actor, now=now)
        if rubric is not None:
            publish_rubric(project=project, body=rubric, actor=actor, now=now)
    return project
