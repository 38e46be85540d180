"""The page of the second opinion: what a model of who is how often right makes of the labels."""

from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from annotations.quality.disputed import word
from annotations.quality.figures import has_more_labels_than
from annotations.quality.second_opinion import Contested, ModelledReviewer, SecondOpinion, get_second_opinion
from annotations.quality.votes import declared_values
from annotations.rubrics.publish import find_rubric
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import RefusalError
from reviewapp.http.frame import frame

# Up to so many labels the model is fitted while one waits for the page; above it somebody asks for it first.
AT_ONCE = 100_000
MOST_ROWS = 50
WIDEST_MATRIX = 8
# A row with fewer expected labels behind it is mostly what was assumed beforehand.
THIN = 5
_WARNINGS = {
    "fewer_than_3_labels_per_item": "There are fewer than three labels an item on average: who is right can then not "
    "be told from the labels alone, and much of this is what was assumed beforehand.",
    "fewer_than_150_items": "There are fewer than 150 items: the figures of people rest on little.",
    "not_converged": "The model did not settle: take its figures as rough.",
}


class ConfusionRow(NamedTuple):
    """Where one answer is true: labels expected on such items, and what the person says there, in percent."""

    truth: str
    n: int
    thin: bool
    cells: list[tuple[int, int, bool]]


@never_cache
@require_GET
def second_opinion(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the model of one question beside the majority."""
    access = authorize(actor_of(request), slug, Action.SEE_ALL_LABELS)
    rubric = find_rubric(access.project.pk)
    questions = [question for question in (rubric.questions if rubric else []) if declared_values(question)]
    asked = request.GET.get("question") or None
    context: dict[str, Any] = {
        **frame(access, "quality"),
        "questions": questions,
        "asked": asked,
        "api": f"/api/v1/projects/{slug}/second-opinion",
    }
    if not questions:
        context["refused"] = "The rubric has no choice, rating or comparison yet: a model needs answers to count."
    elif "fit" not in request.GET and has_more_labels_than(access.project.pk, AT_ONCE):
        context["waits"] = True
    else:
        try:
            context |= _shown(access, get_second_opinion(access.project.pk, asked))
        except RefusalError as refusal:
            context["refused"] = refusal.message
    return render(request, "pages/second_opinion.html", context)


def _shown(access: Access, found: SecondOpinion) -> dict[str, Any]:
    words = [word(answer) for answer, _, _ in found.shares]
    return {
        "found": found,
        "asked": found.question,
        "warnings": [_WARNINGS.get(warning, warning) for warning in found.warnings] if found.n_labels else [],
        "words": words,
        "shares": [
            (word(answer), round(votes * 100, 1), round(items * 100, 1)) for answer, votes, items in found.shares
        ],
        "people": [(each, round(each.right * 100), _confusion(each, words)) for each in found.reviewers[:MOST_ROWS]],
        "narrow": len(words) <= WIDEST_MATRIX,
        "contested": [_contested(access, each) for each in found.contested[:MOST_ROWS]],
    }


def _confusion(person: ModelledReviewer, words: list[str]) -> list[ConfusionRow]:
    return [
        ConfusionRow(
            truth,
            round(person.evidence[truth]),
            person.evidence[truth] < THIN,
            [_cell(person.confusion[truth][said], same=said == truth) for said in words],
        )
        for truth in words
    ]


def _cell(share: float, *, same: bool) -> tuple[int, int, bool]:
    """Return percent, shade (1 to 5) and whether it is the right answer."""
    return round(share * 100), 1 + min(4, int(share * 5)), same


def _contested(access: Access, each: Contested) -> dict[str, Any]:
    opinion = each.opinion
    sure = max(opinion.posterior.values())
    return {
        "external_id": each.external_id,
        "url": reverse("item", args=[access.project.slug, each.external_id]),
        "answers": [(word(answer), n) for answer, n in each.answers],
        "majority": None if each.majority is None else word(each.majority),
        "opinion": None if opinion.answer is None else word(opinion.answer),
        "percent": min(round(sure * 100, 1), 99.9) if sure < 1 else 100,
        "differs": each.majority is not None and opinion.answer != each.majority,
    }
