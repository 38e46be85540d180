"""The Judges page: every version with the one thing to know about it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from annotations.estimates.judged import is_simulated, simulated_providers
from annotations.judges.listing import list_versions
from annotations.rubrics.publish import find_rubric
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.frame import frame, link_if_may

STATE_WORDS = {
    "useful": "worth using",
    "weak": "hardly worth using",
    "useless": "not worth using",
    "unknown": "not known yet",
    "flagged": "flagged",
}


@never_cache
@require_GET
def judges(request: HttpRequest, slug: str) -> HttpResponse:
    """List the versions of all judges, newest first."""
    access = authorize(actor_of(request), slug, Action.SEE_RESOLUTIONS)
    rubric = find_rubric(access.project.pk)
    asked = request.GET.get("question", "")
    before = request.GET.get("before", "")
    start = int(before) if before.isdecimal() and len(before) < 19 else None
    found = list_versions(access.project, question=asked or None, before=start)
    simulated = simulated_providers(access.project.pk)
    context = {
        **frame(access, "judges"),
        "questions": rubric.questions if rubric else [],
        "asked": asked,
        "rows": [
            {
                "judge": each.version.judge.name,
                "version": each.version.version,
                "kind": each.version.judge.kind,
                "is_simulated": is_simulated(each.version, simulated),
                "created_at": each.version.created_at,
                "judgement": each.judgement,
                "words": STATE_WORDS[each.judgement.state] if each.judgement else "",
                "refused": each.refused,
                "url": reverse("judge_version", args=[slug, f"{each.version.judge.name}/{each.version.version}"]),
            }
            for each in found.rows
        ],
        "older": found.older,
        "may_import": access.may(Action.IMPORT_VERDICTS),
        "playground_url": link_if_may(access, "judge_playground", Action.EDIT_JUDGES),
        "providers_url": link_if_may(access, "judge_providers", Action.EDIT_PROVIDERS),
        "api": f"/api/v1/projects/{slug}",
    }
    return render(request, "pages/judges.html", context)
