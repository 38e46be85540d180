"""Dawid-Skene as a second opinion: what a model of who is how often right holds most probable, and how sure it is.

Its answers are no golds, and it cannot repair errors that people share.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from annotations.labels.resolve import Opinion
from annotations.quality.asked import Window, get_question
from annotations.quality.disputed import name_items, word
from annotations.quality.votes import Votes, declared_values, read_votes
from annotations.rubrics.publish import find_rubric
from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.stats.aggregation.dawid_skene import EQUAL, DawidSkene, dawid_skene
from reviewapp.stats.aggregation.plurality import plurality
from reviewapp.stats.arrays import FloatArray

MOST_CONTESTED = 100
MOST_REVIEWERS = 200
# A posterior below this is not what one would call sure.
SURE = 0.9


class FittedQuestion:
    """The model of one question's labels; answers what it holds about an item."""

    def __init__(self, votes: Votes, fit: DawidSkene) -> None:
        self.votes, self.fit = votes, fit
        self._place = {item_id: place for place, item_id in enumerate(votes.item_ids)}
        self._chosen = fit.category

    def get(self, item_id: int) -> Opinion | None:
        """Return the opinion about an item; None where it has no vote on the question."""
        place = self._place.get(item_id)
        return None if place is None else self.at(place)

    def at(self, place: int) -> Opinion:
        """Return the opinion about the item at this place of the arrays."""
        chosen = int(self._chosen[place])
        return Opinion(
            self.votes.values[chosen] if chosen >= 0 else None, _by_word(self.votes.values, self.fit.posterior[place])
        )


@dataclass(frozen=True, slots=True)
class ModelledReviewer:
    """What the model makes of one person: `confusion[truth][said]` is P(says | truth), of q answers each.

    `evidence` is how many of their labels it expects on items of each true answer: near 0 a row is only what was
    assumed beforehand. `right` is the share of their labels that it expects to be right.
    """

    name: str
    n_labels: int
    right: float
    confusion: dict[str, dict[str, float]]
    evidence: dict[str, float]


@dataclass(frozen=True, slots=True)
class Contested:
    """An item on which the model is not sure or differs from what most say (None: a tie)."""

    external_id: str
    answers: list[tuple[Any, int]]
    majority: Any
    opinion: Opinion


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """The model's answers about one question, beside those of the majority.

    `shares` are by answer: of the votes, and of the items as the model sees them. `n_differing` counts items on which
    it and a decided majority differ, `n_ties` ties of the vote and `n_ties_settled` those on which the model is sure.
    """

    question: str
    n_items: int
    n_labels: int
    n_reviewers: int
    converged: bool
    warnings: tuple[str, ...]
    shares: list[tuple[Any, float, float]]
    n_differing: int
    n_ties: int
    n_ties_settled: int
    reviewers: list[ModelledReviewer]
    contested: list[Contested]


class _Sides(NamedTuple):
    """What the vote and the model say of each item, as indices (N,); below 0 neither way."""

    voted: Any
    chosen: Any


def fit_questions(project_id: int) -> dict[str, FittedQuestion]:
    """Return by key the model of each question with declared answers (choices, ratings, comparisons) that has votes."""
    rubric = find_rubric(project_id)
    fitted = {
        question["key"]: _fit(project_id, question)
        for question in (rubric.questions if rubric else [])
        if declared_values(question)
    }
    return {key: found for key, found in fitted.items() if found is not None}


def get_second_opinion(project_id: int, key: str | None = None) -> SecondOpinion:
    """Return the model of a question beside the majority; without votes there are no shares and no people.

    Raises ConflictError `no_rubric`, InvalidError for a key that is none or a question without declared answers.
    """
    question = get_question(project_id, key)
    if not declared_values(question):
        message = "A second opinion needs a choice, a rating or a comparison: answers that can be counted."
        raise InvalidError(message, fields=(FieldError("question", message),))
    fitted = _fit(project_id, question)
    if fitted is None:
        return SecondOpinion(question["key"], 0, 0, 0, True, ("no_labels",), [], 0, 0, 0, [], [])  # noqa: FBT003 — in place
    votes, fit = fitted.votes, fitted.fit
    labels = votes.labels
    sides = _Sides(plurality(labels).category, fit.category)
    ties = sides.voted < 0
    total = np.bincount(labels.category, minlength=labels.n_categories) / labels.n_labels
    return SecondOpinion(
        question=question["key"],
        n_items=labels.n_items,
        n_labels=labels.n_labels,
        n_reviewers=labels.n_raters,
        converged=fit.converged,
        warnings=fit.warnings,
        shares=list(zip(votes.values, total.tolist(), fit.posterior.mean(axis=0).tolist(), strict=True)),
        n_differing=int(np.sum(~ties & (sides.voted != sides.chosen))),
        n_ties=int(ties.sum()),
        n_ties_settled=int(np.sum(ties & (fit.confidence >= SURE))),
        reviewers=_reviewers(votes, fit),
        contested=_contested(fitted, sides),
    )


def _fit(project_id: int, question: dict[str, Any]) -> FittedQuestion | None:
    votes = read_votes(Window(project_id), question, weighted=False, with_extra=True)
    return FittedQuestion(votes, dawid_skene(votes.labels)) if votes.labels.n_labels else None


def _reviewers(votes: Votes, fit: DawidSkene) -> list[ModelledReviewer]:
    """Return the people with most labels, each with what they say where which answer is true."""
    n_labels = np.bincount(votes.labels.rater, minlength=votes.labels.n_raters)
    right = np.bincount(
        votes.labels.rater,
        weights=fit.posterior[votes.labels.item, votes.labels.category],
        minlength=votes.labels.n_raters,
    )
    words = [word(value) for value in votes.values]
    return [
        ModelledReviewer(
            name=votes.reviewers[rater],
            n_labels=int(n_labels[rater]),
            right=float(right[rater] / n_labels[rater]),
            confusion={
                truth: dict(zip(words, row, strict=True))
                for truth, row in zip(words, fit.confusion[rater].tolist(), strict=True)
            },
            evidence=dict(zip(words, fit.evidence[rater].tolist(), strict=True)),
        )
        for rater in np.argsort(-n_labels, kind="stable")[:MOST_REVIEWERS].tolist()
    ]


def _contested(fitted: FittedQuestion, sides: _Sides) -> list[Contested]:
    """Return where the model differs from a decided majority, then ties, then where it is least sure."""
    votes, fit = fitted.votes, fitted.fit
    several = np.bincount(votes.labels.item, minlength=votes.labels.n_items) > 1
    ties = sides.voted < 0
    differs = ~ties & (sides.voted != sides.chosen)
    doubtful = fit.confidence < SURE - EQUAL
    order = np.lexsort((np.asarray(votes.item_ids), np.round(fit.confidence, 9), ~ties, ~differs))
    wanted = several & (differs | ties | doubtful)
    places = [int(place) for place in order if wanted[place]][:MOST_CONTESTED]
    names = name_items([votes.item_ids[place] for place in places])
    return [
        Contested(
            external_id=names[votes.item_ids[place]],
            answers=votes.answers_to(place),
            majority=votes.values[int(sides.voted[place])] if sides.voted[place] >= 0 else None,
            opinion=fitted.at(place),
        )
        for place in places
    ]


def _by_word(values: Sequence[Any], shares: FloatArray) -> dict[str, float]:
    return {word(value): share for value, share in zip(values, shares.tolist(), strict=True)}
