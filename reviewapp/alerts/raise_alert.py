"""Raising alerts and ending them: each is told once, however often it is raised while it is open."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F

from reviewapp.accounts.models import Project
from reviewapp.alerts.deliver import ask_delivery
from reviewapp.alerts.models import Alert, AlertChannel, Delivery

_log = structlog.get_logger(__name__)
Severity = Literal["notice", "warning", "critical"]
MAX_TEXT = 2000
MAX_KEY = 200


def raise_alert(
    project: Project,
    *,
    kind: str,
    key: str,
    text: str,
    now: datetime,
    severity: Severity = "warning",
    path: str = "",
) -> bool:
    """Tell a project's channels something; return whether it was told, which it is not while it is open already.

    `kind` says what sort of thing it is (`budget`, `drift`, `judge`, `rollout`), `key` which one of them. `text` is for
    a person, holds no content of items, and is sent outside; `path` leads to a page of the app. In the caller's
    transaction: it is sent after its commit. Ended by `end_alert`.
    """
    key = key[:MAX_KEY]
    again = {"last_raised_at": now, "times": F("times") + 1}
    if Alert.objects.filter(project=project, kind=kind, key=key, over_at__isnull=True).update(**again):
        return False
    try:
        with transaction.atomic():
            alert = Alert.objects.create(
                project=project,
                kind=kind,
                key=key,
                severity=severity,
                text=text[:MAX_TEXT],
                path=path,
                raised_at=now,
                last_raised_at=now,
            )
            for channel in AlertChannel.objects.filter(project=project, ended_at__isnull=True):
                delivery = Delivery.objects.create(channel=channel, alert=alert, created_at=now)
                ask_delivery(delivery, now=now)
    except IntegrityError:  # raised by somebody else in the same moment
        return False
    _log.info("alert_raised", project=project.slug, kind=kind, key=key, severity=severity)
    return True


def end_alert(project_id: int, *, kind: str, key: str, now: datetime, raised_before: datetime | None = None) -> bool:
    """Say that it is over; raised again after this it is told again. Return whether it was open.

    With `raised_before` only if it was raised before that.
    """
    open_ones = Alert.objects.filter(project_id=project_id, kind=kind, key=key[:MAX_KEY], over_at__isnull=True)
    if raised_before is not None:
        open_ones = open_ones.filter(raised_at__lt=raised_before)
    return bool(open_ones.update(over_at=now))


def end_others(project_id: int, *, kind: str, keys: Collection[str], now: datetime) -> int:
    """Say that everything of a kind is over but what these keys name; return how much was open."""
    kept = {key[:MAX_KEY] for key in keys}
    open_ones = Alert.objects.filter(project_id=project_id, kind=kind, over_at__isnull=True)
    return open_ones.exclude(key__in=kept).update(over_at=now)


def list_alerts(project_id: int, *, open_only: bool = False, limit: int = 50) -> list[Alert]:
    """Return a project's alerts, the newest first."""
    alerts = Alert.objects.filter(project_id=project_id).order_by("-pk")
    return list((alerts.filter(over_at__isnull=True) if open_only else alerts)[:limit])
