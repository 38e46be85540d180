"""The API of one project's settings: here and not with its people, since its checks are of this stage.

It stands on the router of the other project endpoints, because one address belongs to one router.
"""

from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Body
from pydantic import Field

from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.api import ProjectChanges, ProjectOut, router
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from sampling.checks.body import ChecksIn
from sampling.checks.publish import edit_project_and_checks, list_checks


class ProjectDetailOut(ProjectOut):
    """A project, as a member of it sees it, with its checks."""

    checks: list[dict[str, Any]] | None = Field(description="Asked of each item that arrives; for those who see items.")

    @classmethod
    def of_access(cls, access: Access, project: Project) -> "ProjectDetailOut":
        """Return what this person is shown of a project."""
        shown = access.may(Action.SEE_ITEMS) or access.may(Action.EDIT_PROJECT)
        checks = list_checks(project.pk) if shown else None
        return cls(**ProjectOut.of(project, access.role).model_dump(), checks=checks)


class ProjectDetailChanges(ProjectChanges):
    """The fields to change; what is left out stays."""

    checks: ChecksIn = Field(default=[], description="Replaces the whole list.")


@router.get("/{p}", response=ProjectDetailOut, summary="One project")
def get_project(request: HttpRequest, p: str) -> ProjectDetailOut:
    """The project's settings, and your role in it."""
    access = authorize(actor_of(request), p, Action.SEE_PROJECT)
    return ProjectDetailOut.of_access(access, access.project)


@router.patch("/{p}", response=ProjectDetailOut, summary="Change a project")
def change_project(request: HttpRequest, p: str, body: Annotated[ProjectDetailChanges, Body()]) -> ProjectDetailOut:
    """Change the fields that are sent. The slug and the salt stay as they are.

    Changed checks hold for items that arrive from now on.
    """
    access = authorize(actor_of(request), p, Action.EDIT_PROJECT)
    project = edit_project_and_checks(access, changes=body.model_dump(exclude_unset=True), now=timezone.now())
    return ProjectDetailOut.of_access(access, project)
