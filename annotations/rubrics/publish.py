"""Rubric versions: checked, numbered, and frozen from then on."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import transaction
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from annotations.models import RubricVersion
from annotations.rubrics.questions import RubricBody
from reviewapp.accounts.access import Actor
from reviewapp.accounts.models import Project
from reviewapp.audit.record import record
from reviewapp.http.errors import ConflictError, FieldError, InvalidError


def parse_rubric(body: dict[str, Any]) -> RubricBody:
    """Return the checked rubric, or raise InvalidError naming each place that breaks a rule."""
    try:
        return RubricBody.model_validate(body)
    except ValidationError as error:
        fields = tuple(FieldError(_place(problem), problem["msg"]) for problem in error.errors())
        raise InvalidError("The rubric is not valid.", code="rubric_invalid", fields=fields) from None


def _place(problem: ErrorDetails) -> str:
    """Return the path of a problem in the body; pydantic's own has the kind of the question in it."""
    parts = [str(part) for part in problem["loc"]]
    if parts[:1] == ["questions"]:
        parts = parts[:2] + parts[3:]
    return ".".join([*parts, problem.get("ctx", {}).get("place", "")]).strip(".") or "questions"


def publish_rubric(
    *, project: Project, body: dict[str, Any], actor: Actor | None, now: datetime, follows: int | None = None
) -> RubricVersion:
    """Store the next version of the project's rubric. Open tasks are answered under the newest version.

    `follows` is the version that the writer had before them (0 for none): where it is not the newest any more, nothing
    is published and ConflictError says so, because neither of two writers should overwrite the other unseen.
    """
    rubric = parse_rubric(body)
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)  # versions follow each other
        version = 1 + (RubricVersion.objects.filter(project=project).count())
        if follows is not None and follows != version - 1:
            raise ConflictError(
                f"Version {version - 1} was published while you were writing. Nothing is published; what you wrote is"
                " kept below. Compare it with that version, then publish.",
                code="rubric_moved_on",
            )
        row = RubricVersion.objects.create(
            project=project,
            version=version,
            guidelines=rubric.guidelines,
            questions=[
                question.model_dump(mode="json", by_alias=True, exclude_none=True) for question in rubric.questions
            ],
            created_by=actor.user if actor else None,
            created_at=now,
        )
        record(
            "rubric.published",
            now=now,
            actor=actor,
            project_id=project.pk,
            object_kind="rubric",
            object_id=version,
        )
    return row


def find_rubric(project_id: int, version: int | None = None) -> RubricVersion | None:
    """Return a version of the project's rubric, the newest without a number, or None."""
    versions = RubricVersion.objects.filter(project_id=project_id)
    return versions.filter(version=version).first() if version else versions.order_by("-version").first()


@lru_cache(maxsize=256)
def rubric_by_id(rubric_id: int) -> RubricVersion:
    """Return a rubric version; kept in memory, because a version never changes."""
    return RubricVersion.objects.get(pk=rubric_id)


def no_rubric() -> ConflictError:
    """Return the refusal for work that needs a rubric where there is none."""
    return ConflictError("The project has no rubric yet. A lead writes one first.", code="no_rubric")
