"""How projects stand: the queue, the labels, the latest items, the plan, the people."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from annotations.golds.counts import add_met, count_queue_for
from annotations.labels.count import DayCount, PersonCount, count_own_since, labels_by_day, labels_by_person
from annotations.labels.reveal import Changes, PersonChanges, count_changes, sum_changes
from annotations.queue.counters import QueueCounts, count_queues
from annotations.queue.escalate import count_open_escalations
from annotations.rubrics.publish import find_rubric
from reviewapp.accounts.access import Access, Actor, projects_for
from reviewapp.accounts.models import Membership, Project
from reviewapp.accounts.people import list_members
from reviewapp.accounts.roles import Action, Role, role_may
from sampling.models import PlanVersion

DAYS = 14
LATEST = 10


@dataclass(frozen=True, slots=True)
class ProjectCard:
    """One project on a person's first page."""

    project: Project
    role: Role
    queue: QueueCounts
    may_label: bool


class LatestItem(NamedTuple):
    """An item that came in lately, and whether it was drawn for review."""

    external_id: str
    received_at: datetime
    system_version: str | None
    drawn: bool


class PlanView(NamedTuple):
    """The plan in force; version 0 is no plan."""

    version: int
    name: str
    base_rate: float
    rules: list[dict[str, Any]]


class RolePeople(NamedTuple):
    """The people of one role."""

    role: str
    names: list[str]


@dataclass(frozen=True, slots=True)
class Overview:
    """A project as one person may see it; what they may not see is None."""

    queue: QueueCounts
    escalations: int | None
    has_rubric: bool
    days: list[DayCount]
    total: int
    own: int
    persons: list[PersonCount] | None
    changes: Changes | None
    changes_by_person: list[PersonChanges]
    latest: list[LatestItem] | None
    plan: PlanView | None
    people: list[RolePeople] | None
    may_add_items: bool
    may_export: bool

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing came in yet, as far as this person may know."""
        return sum(self.queue) == 0 and not self.latest


def list_project_cards(actor: Actor) -> list[ProjectCard]:
    """Return the person's projects by name, each with its queue."""
    memberships = projects_for(actor)
    queues = add_met(memberships, count_queues([membership.project_id for membership in memberships]))
    return [
        ProjectCard(
            project=membership.project,
            role=Role(membership.role),
            queue=queues[membership.project_id],
            may_label=role_may(Role(membership.role), Action.LABEL),
        )
        for membership in memberships
    ]


def get_overview(access: Access, *, now: datetime) -> Overview:
    """Return how the project stands, in as many queries whatever its size."""
    days = labels_by_day(access, days=DAYS, now=now)
    sees_all = access.may(Action.SEE_ALL_LABELS)
    changes = count_changes(access, since=now - timedelta(days=DAYS)) if sees_all else []
    return Overview(
        queue=count_queue_for(access),
        escalations=count_open_escalations(access.project.pk) if sees_all else None,
        has_rubric=find_rubric(access.project.pk) is not None,
        days=days,
        total=sum(day.labels for day in days),
        own=count_own_since(access, since=now.replace(hour=0, minute=0, second=0, microsecond=0)),
        persons=labels_by_person(access, days=DAYS, now=now) if sees_all else None,
        changes=sum_changes(changes) if changes else None,
        changes_by_person=changes,
        latest=_latest_items(access) if access.may(Action.SEE_ITEMS) else None,
        plan=_plan(access) if access.may(Action.SEE_PLAN) else None,
        people=_people(list_members(access)) if access.may(Action.SEE_PEOPLE) else None,
        may_add_items=access.may(Action.ADD_ITEMS),
        may_export=sees_all and access.may(Action.SEE_RESOLUTIONS),
    )


def _latest_items(access: Access) -> list[LatestItem]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT i.external_id, i.received_at, i.system_version,
                EXISTS (SELECT 1 FROM sampling_draw d WHERE d.item_id = i.id AND d.selected)
            FROM sampling_item i WHERE i.project_id = %s ORDER BY i.id DESC LIMIT %s
            """,
            [access.project.pk, LATEST],
        )
        return [LatestItem(*row) for row in cursor.fetchall()]


def _plan(access: Access) -> PlanView | None:
    plan = PlanVersion.objects.filter(project=access.project).order_by("-version").first()
    return PlanView(plan.version, plan.name, plan.base_rate, plan.rules) if plan else None


def _people(memberships: list[Membership]) -> list[RolePeople]:
    by_role = {role: [m.user.username for m in memberships if m.role == role] for role in Role}
    return [RolePeople(role.value, names) for role, names in by_role.items() if names]
