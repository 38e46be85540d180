"""Plan versions: checked, numbered, and frozen from then on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from django.db import transaction
from pydantic import ValidationError

from reviewapp.accounts.access import Access, Actor, require
from reviewapp.accounts.models import Project, User
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.http.errors import ConflictError, FieldError, InvalidError, NotFoundError
from sampling.models import PlanVersion
from sampling.plans.body import PlanBody, PlanRule, PlanTarget, PreviewBody, Uncertainty
from sampling.plans.filters import parse_filter
from sampling.plans.solution import Solution
from sampling.plans.solve import check_facts, solve_plan

Body = TypeVar("Body", bound=PlanBody)


class PlanRead(NamedTuple):
    """A plan version as one person may see it: with the salt for an owner."""

    plan: PlanVersion
    salt: str | None


def add_first_plan(project: Project, *, now: datetime) -> PlanVersion:
    """Store version 0, which stands for "no plan yet": every item is drawn."""
    return PlanVersion.objects.create(project=project, version=0, name="No plan yet", base_rate=1.0, created_at=now)


def parse_plan(body: Mapping[str, Any]) -> PlanBody:
    """Return the plan of a parsed JSON object, or raise InvalidError naming each place that breaks a rule."""
    return _parsed(PlanBody, body)


def parse_preview(body: Mapping[str, Any]) -> PreviewBody:
    """Return the plan to try out and its time window, or raise InvalidError as for a plan."""
    return _parsed(PreviewBody, body)


def _parsed(model: type[Body], body: Mapping[str, Any]) -> Body:
    try:
        plan = model.model_validate(body)
    except ValidationError as error:
        fields = tuple(
            FieldError(".".join(str(part) for part in problem["loc"]) or "rules", problem["msg"])
            for problem in error.errors()
        )
        raise InvalidError("The plan is not valid.", code="plan_invalid", fields=fields) from None
    for index, rule in enumerate(plan.rules):
        parse_filter(rule.when, path=f"rules.{index}.when")
    check_facts(plan)
    return plan


def publish_plan(
    *, project: Project, plan: PlanBody, actor: Actor | None, now: datetime, based_on: int | None = None
) -> PlanVersion:
    """Store the next version of the project's plan (from `parse_plan`). It holds for items that arrive from now on.

    Its targets and uncertainty are solved from the week before; its daily target has a say from the next midnight on.
    With `based_on`, raise ConflictError where that is not the newest version that a person published, or where the plan
    says the same.
    """
    solution = solve_plan(project=project, plan=plan, end=now)  # before anybody has to wait for the project's row
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)  # versions follow each other
        newest = get_plan(project.pk)
        if based_on is not None:
            _refuse_surprises(plan, written_plan(newest), based_on)
        row = add_version(project, plan, solution, number=1 + newest.version, by=actor.user if actor else None, now=now)
        record(
            "plan.published",
            now=now,
            actor=actor,
            project_id=project.pk,
            object_kind="plan",
            object_id=row.version,
            detail={"base_rate": row.base_rate, "rules": len(row.rules)},
        )
    return row


def add_version(
    project: Project,
    plan: PlanBody,
    solution: Solution | None,
    *,
    number: int,
    by: User | None,
    now: datetime,
    revises: int | None = None,
) -> PlanVersion:
    """Store a version, in the caller's transaction, which holds the project's row."""
    return PlanVersion.objects.create(
        project=project,
        version=number,
        name=plan.name,
        base_rate=plan.base_rate,
        rules=[rule.model_dump(mode="json", exclude_none=True) for rule in plan.rules],
        targets=[target.model_dump(mode="json", exclude_none=True) for target in plan.targets],
        uncertainty=plan.uncertainty.model_dump(mode="json") if plan.uncertainty else None,
        solved=solution.as_json() if solution else None,
        revises=revises,
        daily_target=plan.daily_target,
        overlap=plan.overlap,
        settle_hours=plan.settle_hours,
        created_by=by,
        created_at=now,
    )


def _refuse_surprises(plan: PlanBody, newest: PlanVersion, based_on: int) -> None:
    if newest.version != based_on:
        raise ConflictError(
            f"Version {newest.version} was published in the meantime. Compare it with yours, then publish again.",
            code="plan_changed",
        )
    if plan == body_of(newest):
        raise ConflictError(f"This is what version {newest.version} says already.", code="plan_unchanged")


def body_of(version: PlanVersion) -> PlanBody:
    """Return a version as it is sent in. Version 0 has no name, because nobody wrote it."""
    return PlanBody(
        name=version.name if version.version else "",
        base_rate=version.base_rate,
        rules=[PlanRule(**rule) for rule in version.rules],
        targets=[PlanTarget(**target) for target in version.targets],
        uncertainty=Uncertainty(**version.uncertainty) if version.uncertainty else None,
        daily_target=version.daily_target,
        overlap=version.overlap,
        settle_hours=version.settle_hours,
    )


def get_plan(project_id: int, version: int | None = None) -> PlanVersion:
    """Return a version of the project's plan, the newest without a number; NotFoundError where there is none."""
    versions = PlanVersion.objects.filter(project_id=project_id)
    found = versions.order_by("-version").first() if version is None else versions.filter(version=version).first()
    if found is None:
        raise NotFoundError("The plan has no such version.")
    return found


def written_plan(version: PlanVersion) -> PlanVersion:
    """Return the version as a person published it, of which a revision was made by past volume."""
    return version if version.revises is None else get_plan(version.project_id, version.revises)


def newest_plan_id(project_id: int) -> int:
    """Return the id of the version that items arriving now are offered to."""
    found = PlanVersion.objects.filter(project_id=project_id).order_by("-version").values_list("pk", flat=True).first()
    if found is None:
        raise NotFoundError("The project has no plan.")
    return found


def list_plans(project_id: int, *, before: int | None = None, limit: int | None = None) -> list[PlanVersion]:
    """Return the versions of the project's plan, the newest first, with who published each; those `before` one."""
    versions = PlanVersion.objects.filter(project_id=project_id).select_related("created_by").order_by("-version")
    return list((versions.filter(version__lt=before) if before is not None else versions)[:limit])


def read_plan(access: Access, *, version: int | None, now: datetime) -> PlanRead:
    """Return a plan version; who may see the salt gets it, and that is on record."""
    plan = get_plan(access.project.pk, version)
    return PlanRead(plan, show_salt(access, now=now) if access.may(Action.SEE_SALT) else None)


def show_salt(access: Access, *, now: datetime) -> str:
    """Return the project's salt, and put on record that this person saw it."""
    require(access, Action.SEE_SALT)
    with transaction.atomic():
        record(
            "salt.shown",
            now=now,
            actor=access.actor,
            project_id=access.project.pk,
            object_kind="project",
            object_id=access.project.pk,
        )
    return access.project.sampling_salt
