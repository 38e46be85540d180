"""Plan versions: frozen when published."""

from datetime import datetime

from reviewapp.accounts.models import Project
from sampling.models import PlanVersion


def add_first_plan(project: Project, *, now: datetime) -> PlanVersion:
    """Store version 0, which stands for "no plan yet": every item is drawn."""
    return PlanVersion.objects.create(project=project, version=0, name="No plan yet", base_rate=1.0, created_at=now)
