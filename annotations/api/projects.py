"""The API that makes projects: here and not with their people, since a new one gets its plan, rubric and queue.

It stands on the router of the other project endpoints, because one address belongs to one router.
"""

from django.http import HttpRequest
from django.utils import timezone
from ninja import Status

from annotations.projects import ProjectBody, create_project, read_project
from reviewapp.accounts.access import authorize_new_projects
from reviewapp.accounts.api import ProjectOut, router
from reviewapp.accounts.roles import Role
from reviewapp.http.asking import actor_of


@router.post("", response={201: ProjectOut}, operation_id="create_project", summary="Make a project")
def post_project(request: HttpRequest, body: ProjectBody) -> Status[ProjectOut]:
    """Make a project that you own; for superusers. With no plan, every item is drawn."""
    actor = actor_of(request)
    authorize_new_projects(actor)
    new = read_project(body)
    made = create_project(
        owner=actor.user, spec=new.spec, rubric=new.rubric, checks=new.checks, actor=actor, now=timezone.now()
    )
    return Status(201, ProjectOut.of(made, Role.OWNER))
