"""The model's second opinion on a question, over the API."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from annotations.api.agreement import AnswerCountOut, Question
from annotations.quality.second_opinion import get_second_opinion
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of

router = Router(tags=["Numbers"])


class ShareOut(Schema):
    """An answer's share of the votes, and of the items as the model sees them."""

    answer: Any
    of_votes: float
    of_items: float


class ModelledReviewerOut(Schema):
    """What the model makes of one reviewer."""

    reviewer: str
    n_labels: int
    right: float = Field(description="The share of their labels that is expected to be right.")
    confusion: dict[str, dict[str, float]] = Field(description="What they say (inner) where an answer is true (outer).")
    evidence: dict[str, float] = Field(
        description="Labels expected on items of each true answer; near 0 the row is only what was assumed beforehand."
    )


class ContestedOut(Schema):
    """An item on which the model differs from the majority or is not sure."""

    external_id: str
    answers: list[AnswerCountOut]
    majority: Any = Field(description="Null in a tie.")
    dawid_skene: Any = Field(description="Null where two answers are equally probable.")
    posterior: dict[str, float]


class SecondOpinionOut(Schema):
    """Smoothed Dawid-Skene beside the majority. Its answers are no golds."""

    question: str
    n_items: int
    n_labels: int
    n_reviewers: int
    converged: bool
    warnings: list[str]
    shares: list[ShareOut]
    n_differing: int = Field(description="Items on which the model and a decided majority differ.")
    n_ties: int
    n_ties_settled: int = Field(description="Ties of which the model is at least 90 % sure.")
    reviewers: list[ModelledReviewerOut] = Field(description="The two hundred with most labels.")
    contested: list[ContestedOut] = Field(description="The hundred that differ, tie or are least sure.")


@router.get("/{p}/second-opinion", response=SecondOpinionOut, summary="Dawid-Skene as a second opinion")
def get_second_opinion_of_question(request: HttpRequest, p: str, question: Question = None) -> SecondOpinionOut:
    """Return what a model that weighs people by how often they seem to be right makes of a question's labels."""
    access = authorize(actor_of(request), p, Action.SEE_ALL_LABELS)
    found = get_second_opinion(access.project.pk, question)
    return SecondOpinionOut(
        question=found.question,
        n_items=found.n_items,
        n_labels=found.n_labels,
        n_reviewers=found.n_reviewers,
        converged=found.converged,
        warnings=list(found.warnings),
        shares=[ShareOut(answer=answer, of_votes=votes, of_items=items) for answer, votes, items in found.shares],
        n_differing=found.n_differing,
        n_ties=found.n_ties,
        n_ties_settled=found.n_ties_settled,
        reviewers=[
            ModelledReviewerOut(
                reviewer=each.name,
                n_labels=each.n_labels,
                right=each.right,
                confusion=each.confusion,
                evidence=each.evidence,
            )
            for each in found.reviewers
        ],
        contested=[
            ContestedOut(
                external_id=each.external_id,
                answers=[AnswerCountOut(answer=answer, n=n) for answer, n in each.answers],
                majority=each.majority,
                dawid_skene=each.opinion.answer,
                posterior=each.opinion.posterior,
            )
            for each in found.contested
        ],
    )
