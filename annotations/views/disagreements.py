"""The page of the items behind a disagreement, with everybody's answer beside them."""

from typing import Any
from urllib.parse import urlencode

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from annotations.quality.asked import get_question
from annotations.quality.disagreeing import list_differing
from annotations.quality.disputed import word
from annotations.quality.votes import declared_values
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import NotFoundError, RefusalError
from reviewapp.http.frame import frame

_CHOSEN = ("question", "a", "b", "first", "second")


@never_cache
@require_GET
def disagreements(request: HttpRequest, slug: str) -> HttpResponse:
    """Show items whose labels differ: at all, between the answers `a` and `b`, or between `first` and `second`."""
    access = authorize(actor_of(request), slug, Action.SEE_ALL_LABELS)
    chosen = {name: request.GET[name] for name in _CHOSEN if request.GET.get(name)}
    try:
        question = get_question(access.project.pk, chosen.get("question"))
    except RefusalError:
        raise NotFoundError("The rubric has no such question.") from None
    before = request.GET.get("before", "")
    page = list_differing(
        project_id=access.project.pk,
        question=question,
        answers=(_value(question, chosen["a"]), _value(question, chosen["b"])) if {"a", "b"} <= chosen.keys() else None,
        people=(chosen["first"], chosen["second"]) if {"first", "second"} <= chosen.keys() else None,
        before=int(before) if before.isdecimal() and len(before) < 19 else None,
    )
    context = {
        **frame(access, "quality"),
        "question": question,
        "chosen": chosen,
        "items": [(each.external_id, [(name, word(answer)) for name, answer in each.given]) for each in page.items],
        "older": f"?{urlencode({**chosen, 'before': page.before})}" if page.before else "",
        "first_page": not before,
    }
    return render(request, "pages/disagreements.html", context)


def _value(question: dict[str, Any], text: str) -> Any:
    """Return the answer that is written as this text."""
    for value in declared_values(question):
        if word(value) == text:
            return value
    try:
        return text if question["kind"] in {"text", "choice", "pairwise"} else orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
