"""Watching what is out: gates that turn are told, and a breach of gates that were passed raises an alarm."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from annotations.models import Rollout
from annotations.models.rollouts import RolloutStage
from annotations.rollouts.audit_share import DAYS, audit_share_of
from annotations.rollouts.create import measure_gates, tell
from annotations.rollouts.gates import GateResult
from annotations.rollouts.holds import release_expired
from reviewapp.accounts.access import Access, Actor
from reviewapp.accounts.roles import Role
from reviewapp.alerts.models import Alert
from reviewapp.alerts.raise_alert import MAX_KEY, end_alert, raise_alert

EVERY = timedelta(minutes=10)
AT_ONCE = 20
KIND = "rollout"


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
        locked = Rollout.objects.select_for_update(of=("self",)).select_related("project").get(pk=rollout.pk)
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
        _alarm(locked, results, now=now)
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


def _alarm(rollout: Rollout, results: list[GateResult], *, now: datetime) -> None:
    """Raise an alarm for each breach that is not known yet, and end those that are over."""
    breaches = _breaches(rollout, results, now=now)
    raised = Alert.objects.filter(
        project=rollout.project, kind=KIND, key__startswith=f"{rollout.pk}:", over_at__isnull=True
    )
    for key in set(raised.values_list("key", flat=True)) - set(breaches):
        end_alert(rollout.project_id, kind=KIND, key=key, now=now)
    for key, text in breaches.items():
        path = f"/p/{rollout.project.slug}/rollouts/{rollout.pk}"
        if raise_alert(rollout.project, kind=KIND, key=key, text=text, now=now, severity="critical", path=path):
            tell(rollout, "incident", text, now=now)


def _breaches(rollout: Rollout, results: list[GateResult], *, now: datetime) -> dict[str, str]:
    """Return what is wrong with a version that is out, in words, by the key of its alarm."""
    out = f"Version {rollout.system_version} is out ({rollout.stage}), and"
    breaches = {
        f"{rollout.pk}:{result.stage}:{result.gate.name}"[:MAX_KEY]: (
            f"{out} its gate “{result.gate.name}” fails now. {result.reason} Roll it back, or say why not."
        )
        for result in results
        if result.state == "fail" and _is_out(rollout, result)
    }
    share = audit_share_of(rollout, now=now)
    if share is not None and share.is_blind:
        breaches[f"{rollout.pk}:unwatched"] = (
            f"{out} none of its {share.items:,} items of the last {DAYS} days was drawn for people: nothing watches it."
            " Let the plan draw some of them, or roll it back."
        )
    return breaches
