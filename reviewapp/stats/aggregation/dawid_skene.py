"""Dawid-Skene: the probability of each label given who said what, and the confusion matrix of each rater.

A second opinion beside plurality, a ranking of disagreement and a look at raters; it cannot repair errors that raters
share, and its labels are no gold.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from reviewapp.stats.aggregation.plurality import UNDECIDED
from reviewapp.stats.arrays import FloatArray, IntArray
from reviewapp.stats.labels import Labels, votes

LABELS_PER_ITEM = 3
ITEMS = 150
EQUAL = 1e-9
"""Posterior probabilities closer than this are a tie."""


class Smoothing(NamedTuple):
    """Dirichlet pseudo-counts: per rater and true class on the right and on each wrong answer, and per prior class."""

    diagonal: float = 4.0
    off_diagonal: float = 1.0
    prior: float = 1.0


SMOOTHED = Smoothing()
"""Maximum a posteriori, the version to use."""

UNSMOOTHED = Smoothing(0.0, 0.0, 0.0)
"""Maximum likelihood, as published in 1979; it overfits small data."""


@dataclass(frozen=True, slots=True, eq=False)
class DawidSkene:
    """A fitted model of N items, K raters and q classes.

    `prior` (q,); `confusion` (K, q, q): P(rater says l | truth j) as [k, j, l]; `evidence` (K, q): how many labels of
    the rater are expected on items of true class j, near 0 where the row says nothing but the pseudo-counts;
    `posterior` (N, q), equal to the prior for an item without labels. `objective` is the log-likelihood plus the log
    pseudo-counts at every iteration: it never falls. `log_likelihood` is that of the labels alone, at the end.
    """

    prior: FloatArray
    confusion: FloatArray
    evidence: FloatArray
    posterior: FloatArray
    log_likelihood: float
    objective: tuple[float, ...]
    converged: bool
    warnings: tuple[str, ...] = ()

    @property
    def category(self) -> IntArray:
        """Most probable class of each item, UNDECIDED where two are equally probable; shape (N,)."""
        leading = self.posterior >= self.posterior.max(axis=1, keepdims=True) - EQUAL
        return np.where(leading.sum(axis=1) == 1, self.posterior.argmax(axis=1), UNDECIDED)

    @property
    def confidence(self) -> FloatArray:
        """Probability of the most probable class of each item, shape (N,)."""
        return np.asarray(self.posterior.max(axis=1))


def dawid_skene(
    labels: Labels,
    *,
    smoothing: Smoothing = SMOOTHED,
    tolerance: float = 1e-8,
    max_iterations: int = 2000,
) -> DawidSkene:
    """Return the model fitted by EM from the vote shares; repeated labels of a rater on an item count each.

    M: p_j ∝ a + Σ_i T_ij, E^k_jl ∝ b_jl + Σ_i T_ij n_ikl. E: T_ij ∝ p_j Π_k Π_l (E^k_jl)^n_ikl, in logs. Stops when
    the objective rises by less than `tolerance`. The vote-share start fixes which class is which and makes the result
    reproducible, also where the likelihood has higher maxima elsewhere. Warns below three labels an item (the model
    is then not identified) and below 150 items. ValueError without labels. O(L q) an iteration.
    Sources: Dawid & Skene 1979; smoothing after Paun et al. 2018.
    """
    if labels.n_labels == 0:
        raise ValueError("there are no labels to fit a model to")
    count = votes(labels)
    labelled = count.sum(axis=1) > 0
    responses = _responses(labels)
    reports = responses.T.tocsr()
    shape = (labels.n_raters, labels.n_categories, labels.n_categories)
    pseudo = np.full(shape[1:], smoothing.off_diagonal)
    np.fill_diagonal(pseudo, smoothing.diagonal)
    posterior = count / np.maximum(1, count.sum(axis=1, keepdims=True))
    objective: list[float] = []
    converged = False
    while not converged and len(objective) < max_iterations:
        prior = posterior[labelled].sum(axis=0) + smoothing.prior
        prior /= prior.sum()
        # Rows (rater, said), columns truth: turned to [rater, truth, said].
        expected = (reports @ posterior).reshape(shape).transpose(0, 2, 1)
        evidence = expected.sum(axis=2)
        confusion = _shares(expected + pseudo)
        posterior, likelihood = _expectation(responses, prior, confusion)
        objective.append(likelihood + _log_pseudo_counts(prior, confusion, smoothing.prior, pseudo))
        converged = len(objective) > 1 and objective[-1] - objective[-2] < tolerance
    return DawidSkene(
        prior=prior,
        confusion=confusion,
        evidence=evidence,
        posterior=posterior,
        log_likelihood=likelihood,
        objective=tuple(objective),
        converged=converged,
        warnings=_warnings(labels.n_labels, int(labelled.sum()), converged=converged),
    )


def _responses(labels: Labels) -> csr_array:
    """Return n_ikl, shape (N, K q): how often rater k said l about item i."""
    column = labels.rater * labels.n_categories + labels.category
    shape = (labels.n_items, labels.n_raters * labels.n_categories)
    return csr_array((np.ones(labels.n_labels), (labels.item, column)), shape=shape)


def _shares(counts: FloatArray) -> FloatArray:
    """Return rows that sum to one along the last axis; a row without any count says nothing: uniform."""
    total = counts.sum(axis=-1, keepdims=True)
    uniform = np.full_like(counts, 1 / counts.shape[-1])
    return np.asarray(np.divide(counts, total, out=uniform, where=total > 0))


def _logs(shares: FloatArray) -> FloatArray:
    """Return logarithms, -inf for what cannot happen."""
    return np.asarray(np.log(shares, out=np.full_like(shares, -np.inf), where=shares > 0))


def _expectation(responses: csr_array, prior: FloatArray, confusion: FloatArray) -> tuple[FloatArray, float]:
    """Return the posterior (N, q) and the log-likelihood Σ_i log Σ_j p_j Π (E^k_jl)^n_ikl."""
    q = prior.size
    said = _logs(confusion).transpose(0, 2, 1).reshape(-1, q)
    joint = responses @ said + _logs(prior)
    highest = joint.max(axis=1, keepdims=True)
    scaled = np.exp(joint - highest)
    total = scaled.sum(axis=1, keepdims=True)
    return scaled / total, float((highest + np.log(total)).sum())


def _log_pseudo_counts(prior: FloatArray, confusion: FloatArray, a: float, b: FloatArray) -> float:
    """Return a Σ log p_j + Σ b_jl log E^k_jl, what the pseudo-counts add to the log-likelihood."""
    # A pseudo-count of zero adds nothing, also to a share of zero.
    of_prior = a * float(_logs(prior).sum()) if a else 0.0
    counted = b > 0
    return of_prior + float((b[counted] * _logs(confusion[:, counted])).sum())


def _warnings(n_labels: int, n_items: int, *, converged: bool) -> tuple[str, ...]:
    """Return what speaks against relying on the model."""
    found = (
        ("fewer_than_3_labels_per_item", n_labels < LABELS_PER_ITEM * n_items),
        ("fewer_than_150_items", n_items < ITEMS),
        ("not_converged", not converged),
    )
    return tuple(warning for warning, holds in found if holds)
