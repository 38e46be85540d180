"""Where a project's alerts go: channels added, tried out and removed, their secrets written and never read."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from reviewapp.accounts.access import Access, require
from reviewapp.accounts.project_secrets import forget_secret, store_secret
from reviewapp.accounts.roles import Action
from reviewapp.alerts.deliver import ask_delivery, secret_name
from reviewapp.alerts.models import AlertChannel, ChannelKind, Delivery
from reviewapp.alerts.webhooks import make_secret, secret_bytes
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import ConflictError, FieldError, InvalidError, NotFoundError
from reviewapp.http.outgoing_guard import OutgoingRefusedError, check_url

MAX_CHANNELS = 20


@dataclass(frozen=True, slots=True)
class NewChannel:
    """A channel just added; the secret of a webhook is shown now and never again."""

    channel: AlertChannel
    secret: str | None


def add_channel(access: Access, *, kind: str, target: str, secret: str = "", now: datetime) -> NewChannel:
    """Add an e-mail address, or a webhook with its secret (a fresh one where none is given)."""
    require(access, Action.EDIT_PROJECT)
    kind, target = ChannelKind(kind) if kind in ChannelKind else _refuse_kind(), target.strip()
    if kind == ChannelKind.EMAIL:
        _check_email(target)
    else:
        _check_webhook(target)
        secret = secret.strip() or make_secret()
        secret_bytes(secret)
    project = access.project
    try:
        with transaction.atomic():
            if AlertChannel.objects.filter(project=project, ended_at__isnull=True).count() >= MAX_CHANNELS:
                raise ConflictError(f"A project has at most {MAX_CHANNELS} channels.")
            channel = AlertChannel.objects.create(
                project=project, kind=kind, target=target, created_by=access.actor.user, created_at=now
            )
            if kind == ChannelKind.WEBHOOK:
                store_secret(project, name=secret_name(channel), text=secret, actor=access.actor, now=now)
            _record("alerts.channel_added", access, channel, now)
    except IntegrityError:
        message = "Alerts go there already."
        raise ConflictError(message, fields=(FieldError("target", message),)) from None
    return NewChannel(channel, secret if kind == ChannelKind.WEBHOOK else None)


def end_channel(access: Access, channel_id: int, *, now: datetime) -> AlertChannel:
    """Send nothing there any more, and forget its secret."""
    require(access, Action.EDIT_PROJECT)
    with transaction.atomic():
        channel = _get(access, channel_id)
        channel.ended_at, channel.ended_why = now, "removed"
        channel.save(update_fields=["ended_at", "ended_why"])
        forget_secret(access.project, name=secret_name(channel), actor=access.actor, now=now)
        _record("alerts.channel_removed", access, channel, now)
    return channel


def test_channel(access: Access, channel_id: int, *, now: datetime) -> Delivery:
    """Send a test there; it is tried once, in the background."""
    require(access, Action.EDIT_PROJECT)
    with transaction.atomic():
        delivery = Delivery.objects.create(channel=_get(access, channel_id), created_at=now)
        ask_delivery(delivery, now=now)
    return delivery


def list_channels(access: Access) -> list[tuple[AlertChannel, Delivery | None]]:
    """Return the channels in use, and those that ended by themselves, each with its newest delivery."""
    require(access, Action.EDIT_PROJECT)
    channels = AlertChannel.objects.filter(project=access.project).exclude(ended_why="removed").order_by("pk")
    newest = {
        delivery.channel_id: delivery
        for delivery in Delivery.objects.filter(channel__in=channels)
        .order_by("channel_id", "-pk")
        .distinct("channel_id")
    }
    return [(channel, newest.get(channel.pk)) for channel in channels]


def _get(access: Access, channel_id: int) -> AlertChannel:
    found = AlertChannel.objects.filter(project=access.project, pk=channel_id, ended_at__isnull=True).first()
    if found is None:
        raise NotFoundError("There is no such channel in this project.")
    return found


def _check_email(target: str) -> None:
    try:
        validate_email(target)
    except ValidationError:
        message = "This is not an e-mail address."
        raise InvalidError(message, fields=(FieldError("target", message),)) from None


def _check_webhook(target: str) -> None:
    try:
        check_url(target)
    except OutgoingRefusedError as refusal:
        raise InvalidError(refusal.message, fields=(FieldError("target", refusal.message),)) from None


def _refuse_kind() -> ChannelKind:
    raise InvalidError(fields=(FieldError("kind", "Choose e-mail or webhook."),))


def _record(action: str, access: Access, channel: AlertChannel, now: datetime) -> None:
    record(
        action,
        now=now,
        actor=access.actor,
        project_id=access.project.pk,
        object_kind="alert_channel",
        object_id=channel.pk,
        detail={"kind": channel.kind, "target_sha256": digest(channel.target)},
    )
