"""The audit page: what was done in a project, by whom and when, each with its place in the chain."""

from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.audit.models import AuditEvent, AuditSeal
from reviewapp.audit.read import Sought, list_checkpoints, list_events, seals_of
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import MalformedError
from reviewapp.http.frame import frame
from reviewapp.http.paging import page_of, read_cursor

ROWS = 50
_TEXTS = ("action", "actor", "object_kind", "object_id")


@never_cache
@require_GET
def audit(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a page of events, newest first, narrowed by what the form says."""
    access = authorize(actor_of(request), slug, Action.SEE_AUDIT)
    typed = {name: request.GET.get(name, "").strip() for name in (*_TEXTS, "from", "to")}
    days = {name: _day(typed[name]) for name in ("from", "to")}
    wrong = [typed[name] for name in days if typed[name] and not days[name]]
    sought = Sought(
        **{name: typed[name] or None for name in _TEXTS},
        start=days["from"],
        end=days["to"],
    )
    of = f"audit-page:{access.project.pk}:{sought}"
    try:
        behind = (read_cursor(request.GET.get("cursor"), of=of) or [None])[0]
    except MalformedError:
        return redirect(reverse("audit", args=[slug]))
    found = list_events(access.project.pk, sought, behind=behind, limit=ROWS + 1)
    page = page_of(found, limit=ROWS, of=of, key=lambda event: [event.pk])
    kept = {name: value for name, value in typed.items() if value}
    seals = seals_of([event.pk for event in page.results])
    context = {
        **frame(access, "audit"),
        "typed": typed,
        "narrowed": bool(kept),
        "problem": f"{wrong[0]} is no day; write it like 2026-03-31." if wrong else "",
        "rows": [_row(event, seals.get(event.pk)) for event in page.results],
        "is_first": behind is None,
        "next_url": f"?{urlencode({**kept, 'cursor': page.next})}" if page.next else None,
        "first_url": f"?{urlencode(kept)}",
        "export_url": f"/api/v1/projects/{slug}/audit?{urlencode({'format': 'jsonl', **_api_days(kept, days)})}",
        "checkpoint": next(iter(list_checkpoints(behind=None, limit=1)), None),
    }
    return render(request, "pages/audit.html", context, status=422 if wrong else 200)


def _day(text: str) -> datetime | None:
    """Return the start of a day in UTC, or None where the text is none."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return datetime.combine(day, time(), UTC) if day else None


def _api_days(kept: dict[str, str], days: dict[str, datetime | None]) -> dict[str, str]:
    return {name: day.isoformat() if (day := days.get(name)) else value for name, value in kept.items()}


def _row(event: AuditEvent, seal: AuditSeal | None) -> dict[str, Any]:
    """Return an event in words: `label.created` is "Label created"."""
    return {
        "event": event,
        "words": event.action.replace(".", " ").replace("_", " ").capitalize(),
        "about": f"{event.object_kind} {event.object_id}".strip(),
        "details": [(name.replace("_", " "), _plain(value)) for name, value in sorted(event.detail.items())],
        "seal": seal,
    }


def _plain(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(_plain(each) for each in value) or "none"
        case dict():
            return ", ".join(f"{name}: {_plain(each)}" for name, each in value.items()) or "none"
    return str(value)
