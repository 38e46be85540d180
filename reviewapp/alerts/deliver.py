"""Delivering alerts: from rows that say what is due, again and again until they arrive or are given up."""

from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMessage

from reviewapp.accounts.project_secrets import read_secret
from reviewapp.alerts.models import AlertChannel, ChannelKind, Delivery
from reviewapp.alerts.webhooks import signed_headers, write_body
from reviewapp.http.errors import RefusalError
from reviewapp.http.outgoing import Outgoing, OutgoingFailedError
from reviewapp.jobs.intents import add_intent

_log = structlog.get_logger(__name__)
KIND = "deliver_alert"
TIMEOUT_SECONDS = 15.0
# What Standard Webhooks advises: soon at first, for a day in all.
RETRY_AFTER = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400))
_GONE = 410
TEST_TEXT = "This is a test: alerts of this project arrive here."


class NotDeliveredError(Exception):
    """It did not arrive; `gone` where the other side wants to hear no more."""

    def __init__(self, message: str, *, gone: bool = False) -> None:
        super().__init__(message)
        self.gone = gone


def secret_name(channel: AlertChannel) -> str:
    """Return the name under which a webhook's secret is kept."""
    return f"webhook:{channel.pk}"


def ask_delivery(delivery: Delivery, *, now: datetime, run_after: datetime | None = None) -> None:
    """Ask for a delivery, in the caller's transaction."""
    add_intent(
        kind=KIND, key=str(delivery.pk), payload={"delivery_id": delivery.pk}, now=now, run_after=run_after or now
    )


def deliver_alert(payload: dict[str, Any], now: datetime) -> None:
    """Job `deliver_alert`: send one alert to one channel, or say when to try again."""
    delivery = (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("channel__project", "alert")
        .filter(pk=payload["delivery_id"], delivered_at__isnull=True, failed_at__isnull=True)
        .first()
    )
    if delivery is None or delivery.channel.ended_at is not None:
        return
    delivery.attempts += 1
    try:
        _send(delivery, now)
    except NotDeliveredError as error:
        delivery.last_error = str(error)[:500]
        if error.gone:
            delivery.failed_at = now
            AlertChannel.objects.filter(pk=delivery.channel_id).update(ended_at=now, ended_why="It answered 410, gone.")
        elif delivery.attempts > len(RETRY_AFTER) or delivery.alert is None:
            delivery.failed_at = now
        else:
            ask_delivery(delivery, now=now, run_after=now + RETRY_AFTER[delivery.attempts - 1])
        _log.warning("alert_not_delivered", delivery=delivery.pk, attempt=delivery.attempts, error=delivery.last_error)
    else:
        delivery.delivered_at, delivery.last_error = now, ""
    delivery.save(update_fields=["attempts", "last_error", "delivered_at", "failed_at"])


def _send(delivery: Delivery, now: datetime) -> None:
    if delivery.channel.kind == ChannelKind.WEBHOOK:
        _send_webhook(delivery, now)
    else:
        _send_mail(delivery)


def _send_webhook(delivery: Delivery, now: datetime) -> None:
    channel, alert = delivery.channel, delivery.alert
    try:
        secret = read_secret(channel.project_id, secret_name(channel))
    except RefusalError as refusal:
        raise NotDeliveredError(refusal.message) from None
    if secret is None:
        raise NotDeliveredError("Its secret was forgotten: remove the webhook and add it again.")
    data = {
        "project": channel.project.slug,
        "id": alert.pk if alert else None,
        "kind": alert.kind if alert else "test",
        "key": alert.key if alert else "test",
        "severity": alert.severity if alert else "notice",
        "text": alert.text if alert else TEST_TEXT,
        "url": _url(delivery),
        "raised_at": alert.raised_at if alert else delivery.created_at,
    }
    body = write_body("alert.raised" if alert else "alert.test", data, at=delivery.created_at)
    # The id stays the same at every attempt, so that the other side can tell a repetition.
    headers = signed_headers(message_id=f"msg_{delivery.pk}", at=now, body=body, secret=secret)
    try:
        with Outgoing(connections=1, max_answer_bytes=64 * 1024) as out:
            answer = out.send("POST", channel.target, headers=headers, content=body, timeout_seconds=TIMEOUT_SECONDS)
    except OutgoingFailedError as error:
        raise NotDeliveredError(error.message) from error
    except RefusalError as refusal:
        raise NotDeliveredError(refusal.message) from refusal
    if not 200 <= answer.status < 300:
        raise NotDeliveredError(f"It answered {answer.status}.", gone=answer.status == _GONE)


def _send_mail(delivery: Delivery) -> None:
    channel, alert = delivery.channel, delivery.alert
    if not settings.MAIL_IS_SET:
        raise NotDeliveredError("This server has no mail server: an operator sets EMAIL_HOST.")
    text = alert.text if alert else TEST_TEXT
    first = " ".join(text.split())
    subject = f"[{channel.project.name}] {first if len(first) <= 120 else f'{first[:119]}…'}"
    message = EmailMessage(
        subject=" ".join(subject.split()),
        body=f"{text}\n\n{_url(delivery)}\n\nThis address is in the alert settings of the project.",
        to=[channel.target],
        headers={"Message-ID": f"<alert-{delivery.pk}@{urlsplit(settings.PUBLIC_URL).hostname}>"},
    )
    try:
        message.send()
    except (OSError, SMTPException) as error:
        raise NotDeliveredError(f"The mail server did not take it: {error}") from error


def _url(delivery: Delivery) -> str:
    path = delivery.alert.path if delivery.alert else ""
    return f"{settings.PUBLIC_URL}{path or f'/p/{delivery.channel.project.slug}/'}"
