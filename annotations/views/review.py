"""The reviewer's screen. Its items come over the API; the page itself brings guidelines and numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET

from annotations.desk import has_single_keys
from annotations.evaluations.grades import count_own_grades_today
from annotations.golds.counts import count_queue_at_desk
from annotations.labels.count import count_own_today
from annotations.queue.unfinished import list_unfinished
from annotations.rubrics.guidelines import render_guidelines
from annotations.rubrics.publish import find_rubric
from annotations.rubrics.reading import get_reading
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import NotFoundError
from reviewapp.http.frame import frame, link_if_may

# Kinds whose controls are a script of their own, fetched along with the page where the rubric has one of them.
_LATER_KINDS = frozenset({"correction", "json", "spans"})


def has_later_kinds(questions: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether questions need the script of the heavy kinds."""
    return any(question["kind"] in _LATER_KINDS for question in questions)


@gzip_page
@never_cache
@ensure_csrf_cookie
@require_GET
def review(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the screen; its script claims the first items."""
    access = authorize(actor_of(request), slug, Action.LABEL)
    rubric, now = find_rubric(access.project.pk), timezone.now()
    queue = count_queue_at_desk(access)
    context = {
        **frame(access, "review"),
        "labelled_today": count_own_today(access, now=now) + count_own_grades_today(access, now=now),
        "left": queue.open + queue.leased,
        "unfinished": orjson.dumps([task._asdict() for task in list_unfinished(access)]).decode(),
        "single_keys": has_single_keys(access),
        "guidelines": render_guidelines(rubric.guidelines) if rubric else "",
        "reading": get_reading(access, rubric) if rubric else None,
        "rubric_version": rubric.version if rubric else 0,
        "later_kinds": rubric is not None and has_later_kinds(rubric.questions),
        "guidelines_url": reverse("review_guidelines", args=[slug]),
        "settings_url": link_if_may(access, "project_rubric", Action.EDIT_RUBRIC),
        "sign_in_url": f"{reverse('account_login')}?next={reverse('signed_in_again')}",
    }
    return render(request, "pages/review.html", context)


@require_GET
def guidelines(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the guidelines of one rubric version, for a screen that meets a newer one."""
    access = authorize(actor_of(request), slug, Action.LABEL)
    version = request.GET.get("version", "")
    rubric = find_rubric(access.project.pk, int(version)) if version.isdecimal() and len(version) < 10 else None
    if rubric is None:
        raise NotFoundError("The project has no such rubric version.")
    context = {"guidelines": render_guidelines(rubric.guidelines), "reading": get_reading(access, rubric)}
    return render(request, "pages/guidelines.html", context)


@require_GET
def signed_in_again(request: HttpRequest) -> HttpResponse:
    """Tell somebody who signed in from a reviewing tab to go back to it."""
    return render(request, "pages/signed_in_again.html")
