"""Plans and items of the plan's page."""

from datetime import UTC, datetime, timedelta

from reviewapp.accounts.access import Actor
from reviewapp.http.lines import cut_lines
from sampling.ingest.add import add_items
from sampling.models import PlanVersion
from sampling.plans.publish import parse_plan, publish_plan
from tests.sampling.lines import ndjson

URL = "/p/helpdesk/plan"
SLOW = {"name": "slow", "when": {"latency_ms": {"gt": 2000}}, "rate": 0.5, "overlap": 2}


def publish(project, person=None, **body):
    plan = parse_plan({"base_rate": 0.05, "rules": [SLOW], **body})
    actor = Actor(user=person) if person else None
    return publish_plan(project=project, plan=plan, actor=actor, now=datetime.now(UTC))


def send(project, *items, days=0):
    now = datetime.now(UTC) - timedelta(days=days)
    add_items(project=project, lines=cut_lines([ndjson(*items)]), actor=None, now=now)


def versions():
    return list(PlanVersion.objects.order_by("version").values_list("version", flat=True))
