"""Agreement over the API."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from annotations.api.estimates import EstimateOut
from annotations.quality.agreement import Agreement
from annotations.quality.asked import Window
from annotations.quality.figures import read_agreement
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from sampling.api.items import From, To, Where, read_filter

router = Router(tags=["Numbers"])

Segment = Annotated[str | None, Query(description="The fact to split by, such as system_version.")]
Question = Annotated[str | None, Query(description="The question's key; the primary question unless named.")]


class SpansOut(Schema):
    """Agreement on marked passages, micro over documents and pairs of people."""

    f1_exact: EstimateOut
    f1_overlap: EstimateOut
    character_alpha: EstimateOut


class FiguresOut(Schema):
    """The figures about agreement; those of spans only for spans, and the others only for the other kinds."""

    n_items: int
    n_items_multi: int
    n_labels: int
    n_reviewers: int
    percent: EstimateOut | None
    krippendorff_alpha: EstimateOut | None
    gwet_ac: EstimateOut | None
    fleiss_kappa: EstimateOut | None
    prevalence: dict[str, EstimateOut]
    per_category: dict[str, EstimateOut]
    f1_exact: EstimateOut | None
    f1_overlap: EstimateOut | None
    character_alpha: EstimateOut | None
    spans: SpansOut | None


class AgreementSegmentOut(FiguresOut):
    """The figures of one segment; its value is null where the fact is not known."""

    value: str | None


class PairOut(Schema):
    """Two reviewers on the items that both labelled."""

    a: str
    b: str
    n: int
    percent: EstimateOut
    cohen_kappa: EstimateOut


class AgreementReviewerOut(Schema):
    """One reviewer: labels, and agreement with whoever else labelled the same items."""

    reviewer: str
    n: int
    percent: EstimateOut


class AgreementVersionOut(FiguresOut):
    """The figures of labels under one rubric version."""

    rubric_version: int


class AgreementWeekOut(FiguresOut):
    """The figures of the items that were first labelled in the week from this Monday (UTC) on."""

    week: date


class ConfusedOut(Schema):
    """Two answers that people give to the same item, and how large a share of all differing pairs of labels that is."""

    a: Any
    b: Any
    n_items: int
    n_pairs: int
    share: float


class AnswerCountOut(Schema):
    """An answer, and how many people gave it."""

    answer: Any
    n: int


class DisagreementOut(Schema):
    """An item that divides people; `disagreement` is 1 where no two agree."""

    external_id: str
    answers: list[AnswerCountOut]
    n_labels: int
    disagreement: float


class AgreementOut(FiguresOut):
    """Agreement on a question."""

    question: str
    kind: str
    level: str | None
    weighted: bool = Field(description="Whether drawn items count 1/π, so that the figures speak of production.")
    pairs: list[PairOut]
    n_pairs: int = Field(description="Pairs there are; the thousand that share most items are given.")
    reviewers: list[AgreementReviewerOut]
    segments: list[AgreementSegmentOut]
    versions: list[AgreementVersionOut] = Field(description="By rubric version; empty where all labels are of one.")
    weeks: list[AgreementWeekOut] = Field(description="By week; empty where there is only one.")
    confused: list[ConfusedOut] = Field(description="The answers confused most.")
    disagreements: list[DisagreementOut] = Field(description="The items that people disagree on most.")
    as_of: datetime = Field(description="What time the figures speak of: now, unless there are many labels.")


@router.get("/{p}/agreement", response=AgreementOut, summary="Agreement of reviewers")
def get_agreement_figures(
    request: HttpRequest,
    p: str,
    question: Question = None,
    level: Literal["nominal", "ordinal", "interval"] | None = None,
    weighted: bool = False,  # noqa: FBT001, FBT002 — a parameter of the address
    where: Where = None,
    segment: Segment = None,
    start: From = None,
    to: To = None,
) -> AgreementOut:
    """Return how far people agree on a question, from the labels that were planned from the start."""
    access = authorize(actor_of(request), p, Action.SEE_RESOLUTIONS)
    window = Window(access.project.pk, start=start, end=to, where=read_filter(where), segment=segment)
    kept = read_agreement(window, question=question, level=level, weighted=weighted, now=timezone.now())
    report = kept.waited
    names = report.reviewers
    return AgreementOut(
        **_figures(report.overall),
        question=report.question,
        kind=report.kind,
        level=report.level,
        weighted=report.weighted,
        pairs=[
            PairOut(
                a=names[pair.a],
                b=names[pair.b],
                n=pair.n,
                percent=EstimateOut.of(pair.percent),
                cohen_kappa=EstimateOut.of(pair.cohen_kappa),
            )
            for pair in report.pairs
        ],
        n_pairs=report.n_pairs,
        reviewers=[
            AgreementReviewerOut(reviewer=names[each.rater], n=each.n_labels, percent=EstimateOut.of(each.percent))
            for each in report.raters
        ],
        segments=[AgreementSegmentOut(value=value, **_figures(found)) for value, found in report.segments],
        versions=[AgreementVersionOut(rubric_version=version, **_figures(found)) for version, found in report.versions],
        weeks=[AgreementWeekOut(week=week, **_figures(found)) for week, found in report.weeks],
        confused=[ConfusedOut(**asdict(each)) for each in report.confused],
        disagreements=[
            DisagreementOut(
                external_id=each.external_id,
                answers=[AnswerCountOut(answer=answer, n=n) for answer, n in each.answers],
                n_labels=each.n_labels,
                disagreement=each.disagreement,
            )
            for each in report.disputed
        ],
        as_of=kept.as_of,
    )


def _figures(found: Agreement) -> dict[str, Any]:
    spans = None
    if found.spans is not None:
        spans = SpansOut(
            f1_exact=EstimateOut.of(found.spans.f1_exact),
            f1_overlap=EstimateOut.of(found.spans.f1_overlap),
            character_alpha=EstimateOut.of(found.spans.character_alpha),
        )
    one = {
        name: None if (estimate := getattr(found, name)) is None else EstimateOut.of(estimate)
        for name in ("percent", "krippendorff_alpha", "gwet_ac", "fleiss_kappa")
    }
    of_spans = {
        name: None if spans is None else getattr(spans, name) for name in ("f1_exact", "f1_overlap", "character_alpha")
    }
    return {
        "n_items": found.n_items,
        "n_items_multi": found.n_items_multi,
        "n_labels": found.n_labels,
        "n_reviewers": found.n_reviewers,
        **one,
        "prevalence": {word: EstimateOut.of(estimate) for word, estimate in found.prevalence.items()},
        "per_category": {word: EstimateOut.of(estimate) for word, estimate in found.per_category.items()},
        **of_spans,
        "spans": spans,
    }
