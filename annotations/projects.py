"""A whole project in one transaction: people, plan version 0, rubric, an empty queue."""

from datetime import datetime
from typing import Any

from django.db import transaction

from annotations.queue.counters import add_queue
from annotations.rubrics.publish import publish_rubric
from reviewapp.accounts.access import Actor
from reviewapp.accounts.models import Project, User
from reviewapp.accounts.projects import ProjectSpec, add_project
from sampling.plans.publish import add_first_plan


def create_project(
    *, owner: User, spec: ProjectSpec, rubric: dict[str, Any] | None, actor: Actor | None, now: datetime
) -> Project:
    """Make a project that can take items at once; with no plan, every item is drawn."""
    with transaction.atomic():
        project = add_project(owner=owner, spec=spec, actor=actor, now=now)
        add_first_plan(project, now=now)
        add_queue(project)
        if rubric is not None:
            publish_rubric(project=project, body=rubric, actor=actor, now=now)
    return project
