"""The settings of alerts: where they go, whether they arrived, and the budgets that raise them."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.alerts.channels import add_channel, end_channel, list_channels, test_channel
from reviewapp.alerts.models import AlertChannel, ChannelKind, Delivery
from reviewapp.alerts.raise_alert import list_alerts
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import FieldError, InvalidError, RefusalError
from reviewapp.http.forms import Problems
from reviewapp.http.frame import frame
from sampling.operations.budgets import find_budget, set_budget

Shown = dict[str, Any]
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?")


@never_cache
@require_GET
def alerts(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the channels, the newest alerts and the budgets."""
    return _page(request, authorize(actor_of(request), slug, Action.EDIT_PROJECT))


@never_cache
@require_POST
def save_channel(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a channel; the secret of a webhook is shown once."""

    def do(access: Access, now: datetime) -> str | Shown:
        posted = request.POST
        kind = posted.get("kind", "")
        new = add_channel(access, kind=kind, target=posted.get("target", ""), secret=posted.get("secret", ""), now=now)
        if new.secret is None:
            return f"Alerts go to {new.channel.target} from now on."
        return {"new_channel": new.channel, "new_secret": new.secret}

    return _change(request, slug, form=request.POST.get("kind", ""), do=do)


@never_cache
@require_POST
def try_channel(request: HttpRequest, slug: str, channel_id: int) -> HttpResponse:
    """Send a test."""

    def do(access: Access, now: datetime) -> str:
        delivery = test_channel(access, channel_id, now=now)
        return f"A test is on its way to {delivery.channel.target}. Reload to see whether it arrived."

    return _change(request, slug, form="channels", do=do)


@never_cache
@require_POST
def remove_channel(request: HttpRequest, slug: str, channel_id: int) -> HttpResponse:
    """Send nothing there any more."""

    def do(access: Access, now: datetime) -> str:
        return f"Nothing is sent to {end_channel(access, channel_id, now=now).target} any more."

    return _change(request, slug, form="channels", do=do)


@never_cache
@require_POST
def save_budget(request: HttpRequest, slug: str) -> HttpResponse:
    """Set the budgets."""

    def do(access: Access, now: datetime) -> str:
        limits = {name: _amount(request.POST.get(name, ""), name) for name in ("daily_usd", "monthly_usd")}
        set_budget(access, **limits, now=now)
        return "The budgets are saved." if any(limits.values()) else "There is no budget now."

    return _change(request, slug, form="budget", do=do)


def _change(
    request: HttpRequest, slug: str, *, form: str, do: Callable[[Access, datetime], str | Shown]
) -> HttpResponse:
    access = authorize(actor_of(request), slug, Action.EDIT_PROJECT)
    try:
        done = do(access, timezone.now())
    except RefusalError as refusal:
        shown = {"problems": Problems(form, refusal), "typed": request.POST}
        return _page(request, access, shown=shown, status=refusal.status)
    if isinstance(done, dict):
        return _page(request, access, shown=done)
    messages.success(request, done)
    return redirect("alerts", slug=slug)


def _page(request: HttpRequest, access: Access, *, shown: Shown | None = None, status: int = 200) -> HttpResponse:
    context = {
        **frame(access, "project_settings"),
        "channels": [
            {"channel": channel, "kind": ChannelKind(channel.kind).label, "state": _state(channel, delivery)}
            for channel, delivery in list_channels(access)
        ],
        "alerts": list_alerts(access.project.pk, limit=20),
        "mail_is_set": settings.MAIL_IS_SET,
        "budget": find_budget(access.project.pk),
        **(shown or {}),
    }
    return render(request, "pages/alerts.html", context, status=status)


def _state(channel: AlertChannel, delivery: Delivery | None) -> tuple[str, str]:
    """Return how the newest delivery went: a tone and words."""
    if channel.ended_at is not None:
        return "bad", f"Ended: {channel.ended_why}"
    if delivery is None:
        return "", "Nothing sent yet"
    what = "test" if delivery.alert_id is None else "alert"
    if delivery.delivered_at is not None:
        return "good", f"Last {what} arrived on {delivery.delivered_at:%-d %b, %H:%M} UTC"
    if delivery.failed_at is not None:
        return "bad", f"Last {what} did not arrive: {delivery.last_error}"
    if delivery.attempts:
        return "warn", f"Last {what} is tried again: {delivery.last_error}"
    return "", f"Last {what} is on its way"


def _amount(text: str, name: str) -> float | None:
    text = text.strip().removeprefix("$").strip()
    if not text:
        return None
    try:
        # Commas part thousands; who writes 1,50 means one and a half.
        return float(text.replace(",", "") if _THOUSANDS.fullmatch(text) else text)
    except ValueError:
        message = "Write an amount in US dollars, such as 250."
        raise InvalidError(message, fields=(FieldError(name, message),)) from None
