"""Watching what is out: gates that turn are told, and a breach of a stage's own gates raises an alarm."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from annotations.models import Rollout
from annotations.models.rollouts import RolloutStage
from annotations.rollouts.create import measure_gates, tell
from annotations.rollouts.gates import GateResult
from annotations.rollouts.holds import release_expired
from reviewapp.accounts.access import Access, Actor
from reviewapp.accounts.roles import Role
from reviewapp.alerts.raise_alert import raise_alert

EVERY = timedelta(minutes=10)
AT_ONCE = 20


def watch_rollouts(now: datetime) -> int:
    """Measure the gates of rollouts that were not measured lately; return how many were. A step of the sweep."""
    with transaction.atomic():
        release_expired(now)
    due = Rollout.objects.select_related("project", "author").exclude(watched_at__gt=now - EVERY)
    rollouts = list(due.order_by("watched_at", "pk")[:AT_ONCE])
    for rollout in rollouts:
        watch(rollout, now=now)
    return len(rollouts)


def watch(rollout: Rollout, *, now: datetime) -> list[GateResult]:
    """Measure a rollout's gates, add each one that turned to its story, and raise an alarm for a breach."""
    access = Access(actor=Actor(user=rollout.author), project=rollout.project, role=Role.OWNER)
    results = measure_gates(access, rollout, now=now)
    with transaction.atomic():
        locked = Rollout.objects.select_for_update().get(pk=rollout.pk)
        before, enough = _states(locked), _milestones(locked)
        for result in results:
            key = f"{result.stage}:{result.gate.name}"
            if _has_enough(result) and [key, result.gate.min_n] not in enough:
                said = f"{result.gate.name}: the {result.gate.min_n:,} that were asked for are there"
                tell(locked, "enough", said, now=now, detail={"gate": key, "min_n": result.gate.min_n})
            if before.get(key) != result.state:
                tell(
                    locked,
                    "gate",
                    f"{result.gate.name}: {result.state.replace('_', ' ')}",
                    now=now,
                    detail={"gate": key, "state": result.state, "value": result.value, "reason": result.reason},
                )
                if result.state == "fail" and _is_out(locked, result):
                    _alarm(locked, result, now=now)
        Rollout.objects.filter(pk=locked.pk).update(watched_at=now)
    return results


def _states(rollout: Rollout) -> dict[str, str]:
    events = rollout.events.filter(kind="gate").order_by("pk").values_list("detail", flat=True)
    return {detail["gate"]: detail["state"] for detail in events}


def _milestones(rollout: Rollout) -> list[list[Any]]:
    details = rollout.events.filter(kind="enough").values_list("detail", flat=True)
    return [[detail["gate"], detail["min_n"]] for detail in details]


def _has_enough(result: GateResult) -> bool:
    """Tell whether a gate rests on as much as it asks for; of one for every segment only the worst one is known."""
    return result.gate.every_segment_of is None and 0 < result.gate.min_n <= result.n


def _is_out(rollout: Rollout, result: GateResult) -> bool:
    """Tell whether the gate is one that the rollout has passed on its way to where it is."""
    order = list(RolloutStage)
    return order.index(RolloutStage(result.stage)) <= order.index(RolloutStage(rollout.stage))


def _alarm(rollout: Rollout, result: GateResult, *, now: datetime) -> None:
    text = (
        f"Version {rollout.system_version} is out ({rollout.stage}), and its gate “{result.gate.name}” fails now."
        f" {result.reason} Roll it back, or say why not."
    )
    tell(rollout, "incident", text, now=now, detail={"gate": result.gate.name})
    raise_alert(
        rollout.project,
        kind="rollout",
        key=f"{rollout.pk}:{result.stage}:{result.gate.name}",
        text=text,
        now=now,
        severity="critical",
        path=f"/p/{rollout.project.slug}/rollouts/{rollout.pk}",
    )
