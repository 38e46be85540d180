"""The queue's services in one line each, for tests that go past HTTP."""

import uuid
from typing import Any

from django.utils import timezone

from annotations.labels.submit import Submission, Submitted, submit_label
from annotations.queue.claim import Claimed, claim_tasks
from annotations.queue.leased import LeasedTask
from reviewapp.accounts.access import Access, Actor, authorize
from reviewapp.accounts.models import User
from reviewapp.accounts.roles import Action

PASS = {"verdict": "pass"}


def access_of(person: User, slug: str = "helpdesk") -> Access:
    """Return the person's access, as a door would have found it."""
    return authorize(Actor(user=person), slug, Action.LABEL)


def claim(person: User, count: int = 1) -> Claimed:
    """Claim."""
    return claim_tasks(access=access_of(person), count=count)


def claim_one(person: User) -> LeasedTask:
    """Claim one task, which must be there."""
    (task,) = claim(person).tasks
    return task


def submit(
    person: User, task: LeasedTask, *, submit_id: str | None = None, access: Access | None = None, **more: Any
) -> Submitted:
    """Submit a pass."""
    values: dict[str, Any] = {
        "task_id": task.id,
        "token": task.token,
        "answers": PASS,
        "comment": "",
        "duration_ms": None,
        "submit_id": submit_id or str(uuid.uuid4()),
        "next_count": 0,
        **more,
    }
    return submit_label(access=access or access_of(person), submission=Submission(**values), now=timezone.now())
