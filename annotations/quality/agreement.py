"""Agreement of a project's reviewers on one question, with everything that is needed to read it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import orjson
from django.db import connection

from annotations.models import RubricVersion
from annotations.quality.asked import Window, get_question
from annotations.quality.disputed import Confused, Disputed, find_confused, find_disputed, word
from annotations.quality.pairs import PairAgreement, RaterAgreement, cross_all, pair_agreements, rater_agreements
from annotations.quality.votes import Votes, level_of, monday, read_votes
from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.stats.agreement.chance_corrected import fleiss_kappa
from reviewapp.stats.agreement.character_alpha import character_alpha
from reviewapp.stats.agreement.coincidences import Level
from reviewapp.stats.agreement.counts import ItemCounts, count_labels
from reviewapp.stats.agreement.spans import Span, SpanDocument, span_f1
from reviewapp.stats.agreement.summary import summarise_agreement
from reviewapp.stats.agreement.weights import ordinal_weights, quadratic_weights
from reviewapp.stats.estimate import Estimate
from sampling.items.content import ItemContent

MAX_CATEGORIES = 500
MAX_SEGMENTS = 100
MAX_WEEKS = 26


@dataclass(frozen=True, slots=True)
class SpanAgreement:
    """Agreement on marked passages: F1 of exact and of typed overlapping matches, and alpha over characters."""

    f1_exact: Estimate
    f1_overlap: Estimate
    character_alpha: Estimate


@dataclass(frozen=True, slots=True)
class Agreement:
    """The figures about one question; `prevalence` and `per_category` go by answer, in their declared order."""

    n_items: int
    n_items_multi: int
    n_labels: int
    n_reviewers: int
    percent: Estimate | None = None
    krippendorff_alpha: Estimate | None = None
    gwet_ac: Estimate | None = None
    fleiss_kappa: Estimate | None = None
    prevalence: dict[str, Estimate] = field(default_factory=dict)
    per_category: dict[str, Estimate] = field(default_factory=dict)
    spans: SpanAgreement | None = None


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """Agreement on a question: by pair, by reviewer, by segment, by rubric version (of labels under the same one), by
    the week of an item's first label, and where people disagree. `weighted` says that it speaks of production.
    """

    question: str
    kind: str
    level: Level | None
    weighted: bool
    overall: Agreement
    reviewers: list[str]
    pairs: list[PairAgreement]
    n_pairs: int
    raters: list[RaterAgreement]
    segments: list[tuple[str | None, Agreement]]
    versions: list[tuple[int, Agreement]] = field(default_factory=list)
    weeks: list[tuple[date, Agreement]] = field(default_factory=list)
    confused: list[Confused] = field(default_factory=list)
    disputed: list[Disputed] = field(default_factory=list)


def get_agreement(
    window: Window, *, question: str | None = None, level: Level | None = None, weighted: bool = False
) -> AgreementReport:
    """Return how far people agree on a question.

    With `weighted` each drawn item counts 1/π, so that the figure speaks of the traffic it was drawn from, and items
    that our draw did not select are left out. Raises InvalidError for a question or level that does not fit.
    """
    asked = get_question(window.project_id, question)
    used = _checked_level(asked, level)
    votes = read_votes(window, asked, weighted=weighted)
    if asked["kind"] != "spans" and votes.labels.n_categories > MAX_CATEGORIES:
        message = (
            f"People gave {votes.labels.n_categories:,} different answers to {asked['key']!r}. Agreement by category"
            f" is for questions with at most {MAX_CATEGORIES}."
        )
        raise InvalidError(message, code="too_many_categories", fields=(FieldError("question", message),))
    crossed = cross_all(votes.labels)
    pairs, n_pairs = pair_agreements(votes.labels, crossed)
    return AgreementReport(
        question=asked["key"],
        kind=asked["kind"],
        level=used,
        weighted=weighted,
        overall=_agreement(votes, asked, used),
        reviewers=votes.reviewers,
        pairs=pairs,
        n_pairs=n_pairs,
        raters=rater_agreements(votes.labels, crossed),
        segments=_segments(votes, asked, used) if window.segment else [],
        versions=_versions(votes, asked, used),
        weeks=_weeks(votes, asked, used),
        confused=[] if used is None else find_confused(votes, crossed),
        disputed=find_disputed(votes, rating=asked["kind"] == "rating"),
    )


def _checked_level(question: dict[str, Any], level: Level | None) -> Level | None:
    if question["kind"] == "spans":
        return None
    if level is not None and level != "nominal" and question["kind"] != "rating":
        message = f"Answers of kind {question['kind']} have no order: their level is nominal."
        raise InvalidError(message, fields=(FieldError("level", message),))
    return level or level_of(question)


def _segments(votes: Votes, question: dict[str, Any], level: Level | None) -> list[tuple[str | None, Agreement]]:
    """Return the figures by segment, those with most items first."""
    names, counts = np.unique([name or "" for name in votes.segment], return_counts=True)
    largest = np.argsort(-counts, kind="stable")[:MAX_SEGMENTS]
    found = []
    for name in (str(names[index]) for index in largest):
        chosen = np.asarray([(each or "") == name for each in votes.segment], dtype=bool)
        found.append((name or None, _agreement(votes.only(chosen), question, level)))
    return found


def _versions(votes: Votes, question: dict[str, Any], level: Level | None) -> list[tuple[int, Agreement]]:
    """Return the figures by rubric version, the newest first; nothing where all labels are of one."""
    found = np.unique(votes.rubric).tolist()
    if len(found) < 2:
        return []
    numbers = dict(RubricVersion.objects.filter(pk__in=found).values_list("pk", "version"))
    newest = sorted(found, key=lambda rubric_id: -numbers[rubric_id])[:MAX_SEGMENTS]
    return [(numbers[each], _agreement(votes.under(each), question, level)) for each in newest]


def _weeks(votes: Votes, question: dict[str, Any], level: Level | None) -> list[tuple[date, Agreement]]:
    """Return the figures by the week of an item's first label, oldest first; nothing where there is only one."""
    found = np.unique(votes.week)[-MAX_WEEKS:].tolist()
    if len(found) < 2:
        return []
    return [(monday(week), _agreement(votes.only(votes.week == week), question, level)) for week in found]


def _agreement(votes: Votes, question: dict[str, Any], level: Level | None) -> Agreement:
    labels = votes.labels
    per_item = np.bincount(labels.item, minlength=labels.n_items)
    n_items, n_multi = int((per_item > 0).sum()), int((per_item > 1).sum())
    n_reviewers = int(np.unique(labels.rater).size)
    if level is None:
        return Agreement(n_items, n_multi, labels.n_labels, n_reviewers, spans=_span_agreement(votes, question))
    counts = count_labels(labels, item_weight=votes.weight)
    scores = None if level == "nominal" or question["kind"] != "rating" else [float(value) for value in votes.values]
    summary = summarise_agreement(counts, level=level, scores=scores)
    words = [word(value) for value in votes.values]
    return Agreement(
        n_items=n_items,
        n_items_multi=n_multi,
        n_labels=labels.n_labels,
        n_reviewers=n_reviewers,
        percent=summary.percent,
        krippendorff_alpha=summary.alpha.estimate,
        gwet_ac=summary.gwet.estimate,
        fleiss_kappa=fleiss_kappa(counts, weights=_weights(counts, level, scores)).estimate,
        prevalence=dict(zip(words, summary.prevalence, strict=False)),
        per_category=dict(zip(words, summary.specific, strict=False)),
    )


def _weights(counts: ItemCounts, level: Level, scores: Sequence[float] | None) -> Any:
    """Return the agreement weights that go with the level, as for the other coefficients."""
    if level == "nominal":
        return None
    return ordinal_weights(counts.n_categories) if level == "ordinal" else quadratic_weights(scores or [])


def _span_agreement(votes: Votes, question: dict[str, Any]) -> SpanAgreement:
    """Return agreement on spans; a document is the text of the question's target in one item."""
    documents = _documents(votes, question["target"])
    weight = votes.weight
    return SpanAgreement(
        f1_exact=span_f1(documents, "exact", document_weight=weight),
        f1_overlap=span_f1(documents, "typed_overlap", document_weight=weight),
        character_alpha=character_alpha(documents, document_weight=weight).estimate,
    )


def _documents(votes: Votes, target: str) -> list[SpanDocument]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, input, output, context, steps FROM sampling_item WHERE id = ANY(%s)", [votes.item_ids]
        )
        lengths = {
            row[0]: len(ItemContent(*(None if part is None else orjson.loads(part) for part in row[1:])).text(target))
            for row in cursor.fetchall()
        }
    annotations: list[dict[str, list[Span]]] = [{} for _ in votes.item_ids]
    for index, rater, answer in zip(votes.labels.item, votes.labels.rater, votes.raw, strict=True):
        spans = [Span(each["start"], each["end"], each["tag"]) for each in orjson.loads(answer)]
        annotations[index][votes.reviewers[rater]] = spans
    return [
        SpanDocument(max(1, lengths[item_id], *(span.end for spans in marked.values() for span in spans)), marked)
        for item_id, marked in zip(votes.item_ids, annotations, strict=True)
    ]
