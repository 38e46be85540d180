"""Small demo projects beside the big one, for kinds of question that it has no use for. Nobody has labelled in them."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from annotations.demo.people import PEOPLE
from annotations.demo.story import CONTENT
from annotations.projects import create_project
from reviewapp.accounts.access import Actor
from reviewapp.accounts.models import Membership, User
from reviewapp.accounts.projects import ProjectSpec
from reviewapp.accounts.roles import Role
from reviewapp.http.lines import Line
from sampling.ingest.add import add_items

TRIALS = (
    ProjectSpec(
        slug="demo-drafts",
        name="Harbour Bikes: two drafts",
        description="Which of two drafts would you send, and why? A comparison, choices, a rating and spans.",
        sampling_salt="harbour-drafts",
    ),
    ProjectSpec(
        slug="demo-invoices",
        name="Harbour Bikes: invoices",
        description="What a machine read from suppliers' invoices, corrected in a form beside its JSON.",
        sampling_salt="harbour-invoices",
    ),
)


def make_trials(*, users: Mapping[str, User], now: datetime) -> None:
    """Make the small projects with their items, for the demo's people."""
    owner = Actor(user=users[PEOPLE[0].username])
    started = now - timedelta(hours=2)
    for spec in TRIALS:
        body: dict[str, Any] = json.loads((CONTENT / f"{spec.slug[5:]}.json").read_text(encoding="utf-8"))
        project = create_project(owner=owner.user, spec=spec, rubric=body["rubric"], actor=owner, now=started)
        Membership.objects.bulk_create(
            Membership(project=project, user=users[person.username], role=person.role, created_at=started)
            for person in PEOPLE
            if person.role is not Role.OWNER
        )
        lines = [Line(number, item) for number, item in enumerate(body["items"], 1)]
        result = add_items(project=project, lines=lines, actor=owner, now=now)
        if result.rejected:
            raise RuntimeError(f"the demo's own items were refused: {result.errors[0]}")
