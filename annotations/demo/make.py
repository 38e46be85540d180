"""Making the demo: two weeks of traffic, a plan, and reviews by people who are good but not perfect."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from annotations.demo.desk import decide_replies, open_desk
from annotations.demo.eval_sets import freeze_and_evaluate
from annotations.demo.gates import plan_rollout
from annotations.demo.judging import begin_judging
from annotations.demo.opinions import judge_lines, say, usual_rates
from annotations.demo.people import PEOPLE, REVIEWERS, Person, SignIn, add_people
from annotations.demo.story import DemoItem, fraction, list_items, read_notes, read_rubric
from annotations.demo.trials import make_trials
from annotations.imports.verdicts import import_verdicts
from annotations.labels.submit import Submission, submit_label
from annotations.projects import create_project
from annotations.queue.claim import claim_tasks
from annotations.queue.leased import LeasedTask
from reviewapp.accounts.access import Access, Actor
from reviewapp.accounts.models import Masking, Membership, Project, User
from reviewapp.accounts.projects import ProjectSpec
from reviewapp.accounts.roles import Role
from reviewapp.http.errors import ConflictError
from reviewapp.http.lines import Line
from sampling.ingest.add import add_items
from sampling.plans.publish import parse_plan, publish_plan

SLUG = "demo"
# Fixed, so that the demo draws the same items everywhere. A real project's salt is random and secret.
SALT = "harbour-bikes"
LABELS = 110
_SPEC = ProjectSpec(
    slug=SLUG,
    name="Harbour Bikes support",
    description="A bicycle shop's assistant answers customers; two versions of it run side by side. "
    "Everything here is invented for this demo.",
    masking=Masking.REVERSIBLE,  # so that one can see what both sides of it look like
    sampling_salt=SALT,
    horizon_days=90,  # whoever comes back to the demo after a week still finds something to review
)
_PLAN: dict[str, Any] = {
    "name": "A third, and whatever looks risky",
    "base_rate": 0.35,
    "rules": [
        {"name": "unsure", "when": {"confidence": {"lt": 0.65}}, "rate": 1.0, "overlap": 2},
        {"name": "thumbs down", "when": {"feedback": {"eq": -1}}, "rate": 1.0},
        {"name": "not English", "when": {"metadata.language": {"ne": "en"}}, "rate": 0.8},
    ],
}


def make_demo(*, now: datetime) -> list[SignIn]:
    """Make the demo project and its people, and return how to sign in. ConflictError where it is there already."""
    if Project.objects.filter(slug=SLUG).exists() or User.objects.filter(username__in=[p.username for p in PEOPLE]):
        raise ConflictError("The demo is there already.", code="demo_exists")
    users, sign_ins = add_people()
    started = now - timedelta(days=15)
    owner = Actor(user=users[PEOPLE[0].username])
    project = create_project(owner=owner.user, spec=_SPEC, rubric=read_rubric(), actor=owner, now=started)
    Membership.objects.bulk_create(
        Membership(project=project, user=users[person.username], role=person.role, created_at=started)
        for person in PEOPLE
        if person.role is not Role.OWNER
    )
    publish_plan(project=project, plan=parse_plan(_PLAN), actor=owner, now=started)
    owns = Access(actor=owner, project=project, role=Role.OWNER)
    open_desk(owns, now=started)
    for version in ("assistant-1.4", "assistant-2.0"):
        plan_rollout(owns, version, now=started)
    items = list_items(now)
    for _, day in groupby(items, key=lambda item: item.occurred_at.date()):
        sent = list(day)
        _send_in(project, sent, actor=owner)
        decide_replies(owns, sent)
    _review(project, users, {item.sent["external_id"]: item for item in items}, now=now)
    freeze_and_evaluate(owns, now=now)
    begin_judging(owns, now=now)
    make_trials(users=users, now=now)
    return sign_ins


def _send_in(project: Project, items: list[DemoItem], *, actor: Actor) -> None:
    """Send one day's items in, right after the last of them happened."""
    lines = [Line(number, item.sent) for number, item in enumerate(items, 1)]
    result = add_items(project=project, lines=lines, actor=actor, now=items[-1].occurred_at + timedelta(minutes=1))
    if result.rejected:
        raise RuntimeError(f"the demo's own items were refused: {result.errors[0]}")
    _judge_all(project, items, actor=actor)


def _judge_all(project: Project, items: list[DemoItem], *, actor: Actor) -> None:
    """Let judges that run elsewhere say something about the items of a day, drawn or not."""
    said = [line for item in items for line in judge_lines(item)]
    lines = [Line(number, line) for number, line in enumerate(said, 1)]
    now = items[-1].occurred_at + timedelta(minutes=10)
    result = import_verdicts(project=project, lines=lines, actor=actor, now=now)
    if result.rejected:
        raise RuntimeError(f"the demo's own verdicts were refused: {result.errors[0]}")


def _review(project: Project, users: dict[str, User], items: dict[str, DemoItem], *, now: datetime) -> None:
    """Let the reviewers label through the queue, as people do, over the days before now."""
    usual = usual_rates(list(items.values()))
    for moment, person in shifts(now):
        access = Access(actor=Actor(user=users[person.username]), project=project, role=person.role)
        claimed = claim_tasks(access=access, count=1)
        if claimed.tasks:
            task = claimed.tasks[0]
            item = items[task.item["external_id"]]
            submit_label(access=access, submission=_label(person, task, item, usual), now=moment)


def shifts(now: datetime) -> Iterator[tuple[datetime, Person]]:
    """Yield when which reviewer labels: most by Rosa, some by Ben, a few by Ann, in the last nine days."""
    first = now - timedelta(days=9)
    for number in range(LABELS):
        share = fraction("shift", str(number))
        person = REVIEWERS[0 if share < 0.5 else 1 if share < 0.85 else 2]
        yield first + (now - timedelta(hours=3) - first) * (number / LABELS), person


def _label(person: Person, task: LeasedTask, item: DemoItem, usual: dict[str, float]) -> Submission:
    """Return the person's label."""
    name = item.sent["external_id"]
    verdict = say(person, item, usual)
    answers: dict[str, Any] = {"verdict": verdict}
    if verdict == "fail":
        answers["reason"] = item.fault or "incomplete"
        if item.fault and fraction(name, person.username, "writes") < 0.8:
            notes = read_notes()[item.fault]
            answers["note"] = notes[int(len(notes) * fraction(name, person.username, "note"))]
    return Submission(
        task_id=task.id,
        token=task.token,
        answers=answers,
        comment="",
        duration_ms=round(6000 + 40_000 * fraction(name, person.username, "time")),
        submit_id=f"demo-{person.username}-{name}",
        next_count=0,
    )
