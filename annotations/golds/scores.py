"""How right people are on golds, shrunk towards everybody, and which golds trusted people fail."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from annotations.golds.answers import GoldAnswer
from reviewapp.stats.gold_retirement import GoldFailure, gold_failures
from reviewapp.stats.golds import BetaPrior, GoldAccuracy, fit_prior, gold_accuracy

FEWEST_FOR_TRUST = 5
"""Nobody speaks against a gold before they have answered this many others."""


@dataclass(frozen=True, slots=True)
class PersonScore:
    """One person's accuracy on golds."""

    reviewer_id: int
    reviewer: str
    accuracy: GoldAccuracy


def score_people(answers: Sequence[GoldAnswer], *, minimum: float) -> list[PersonScore]:
    """Return everybody's accuracy on the golds that are not retired, by name; with one prior for all."""
    counted = [answer for answer in answers if not answer.is_retired]
    people = {answer.reviewer_id: answer.reviewer for answer in counted}
    ids = sorted(people, key=lambda person: people[person])
    place = {person: index for index, person in enumerate(ids)}
    who = np.array([place[answer.reviewer_id] for answer in counted], dtype=np.int64)
    right = np.array([answer.correct for answer in counted], dtype=float)
    correct, asked = (np.bincount(who, weights=w, minlength=len(ids)) for w in (right, np.ones(who.size)))
    found = gold_accuracy(correct, asked, minimum=minimum)
    return [PersonScore(person, people[person], each) for person, each in zip(ids, found, strict=True)]


def judge_golds(answers: Sequence[GoldAnswer], *, minimum: float) -> dict[int, GoldFailure]:
    """Return by gold how often trusted people fail it, from the answers that count since it was last brought back.

    Trusted is whoever is at least as right as the minimum on at least five *other* golds: a wrong gold must not make
    those distrusted who see that it is wrong.
    """
    golds = sorted({answer.gold_id for answer in answers})
    place = {gold: index for index, gold in enumerate(golds)}
    scored = [answer for answer in answers if not answer.is_retired]
    people = sorted({answer.reviewer_id for answer in scored})
    correct = dict.fromkeys(people, 0)
    asked = dict(correct)
    for answer in scored:
        correct[answer.reviewer_id] += answer.correct
        asked[answer.reviewer_id] += 1
    prior = fit_prior(list(correct.values()), list(asked.values()))
    fresh = [answer for answer in answers if answer.is_fresh]
    trusted = [_is_trusted(answer, correct, asked, prior, minimum) for answer in fresh]
    found = gold_failures(
        [place[answer.gold_id] for answer in fresh], [answer.correct for answer in fresh], trusted, n_golds=len(golds)
    )
    return dict(zip(golds, found, strict=True))


def _is_trusted(
    answer: GoldAnswer, correct: dict[int, int], asked: dict[int, int], prior: BetaPrior, minimum: float
) -> bool:
    own = 0 if answer.is_retired else 1
    n = asked.get(answer.reviewer_id, 0) - own
    x = correct.get(answer.reviewer_id, 0) - own * answer.correct
    return n >= FEWEST_FOR_TRUST and (prior.a + x) / (prior.a + prior.b + n) >= minimum
