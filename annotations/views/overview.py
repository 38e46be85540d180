"""A project's overview page."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from annotations.evaluations.tasks import count_waiting
from annotations.overview import get_overview
from annotations.views.bars import draw_bars
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.frame import frame, link_if_may


@never_cache
@require_GET
def overview(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how the project stands, as far as this person may see it."""
    access = authorize(actor_of(request), slug, Action.SEE_PROJECT)
    found = get_overview(access, now=timezone.now())
    context = {
        **frame(access, "project_overview"),
        "overview": found,
        "bars": draw_bars(found.days),
        "to_grade": _to_grade(access),
        "review_url": link_if_may(access, "review", Action.LABEL),
        "settings_url": link_if_may(access, "project_settings", Action.EDIT_PROJECT),
        "api": f"{settings.PUBLIC_URL}/api/v1/projects/{slug}",
        "traces": f"{settings.PUBLIC_URL}/v1/traces",
        "export_base": f"/api/v1/projects/{slug}",
    }
    return render(request, "pages/overview.html", context)


def _to_grade(access: Access) -> int:
    """Return how many outputs of evaluations wait for the person."""
    if not access.may(Action.LABEL):
        return 0
    waiting = count_waiting(access.actor.user.pk, [access.project.pk]).get(access.project.pk)
    return waiting.open + waiting.leased if waiting else 0
