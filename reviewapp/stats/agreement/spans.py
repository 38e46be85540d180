"""Agreement of span annotations: pairwise F1 with one-to-one matching, micro over documents and pairs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from reviewapp.stats.agreement.counts import inclusion_weight
from reviewapp.stats.agreement.intervals import jackknife, t_limits
from reviewapp.stats.arrays import BoolArray, FloatArray, kish
from reviewapp.stats.estimate import Estimate, Population, Undefined, no_estimate

Matching = Literal["exact", "typed_overlap", "untyped_overlap"]

LEAST_OVERLAP = 0.5


class Span(NamedTuple):
    """Characters start (included) to end (excluded) of a document, with a type."""

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True)
class SpanDocument:
    """A document of `length` characters and the spans of each annotator; no entry is no annotation, () is no span."""

    length: int
    annotations: Mapping[str, Sequence[Span]]

    def __post_init__(self) -> None:
        """Refuse an empty document and spans that do not lie in the document."""
        if self.length < 1:
            raise ValueError("a document has at least one character")
        for spans in self.annotations.values():
            for span in spans:
                if not 0 <= span.start < span.end <= self.length:
                    raise ValueError(f"span {span.start}..{span.end} does not lie in 0..{self.length}")


def count_matches(first: Sequence[Span], second: Sequence[Span], matching: Matching) -> int:
    """Return the largest number m of one-to-one matches between two annotators of one document.

    Exact: same start, end and type. Overlap: intersection over union of at least one half, of the same type or
    untyped. The largest matching does not depend on the order of the spans, as a greedy one may.
    """
    if not first or not second:
        return 0
    if matching == "exact":
        return (Counter(first) & Counter(second)).total()
    a, b = (np.array([(span.start, span.end) for span in spans]) for spans in (first, second))
    shared = np.minimum.outer(a[:, 1], b[:, 1]) - np.maximum.outer(a[:, 0], b[:, 0])
    joint = np.add.outer(a[:, 1] - a[:, 0], b[:, 1] - b[:, 0]) - shared
    fits = shared >= LEAST_OVERLAP * joint
    if matching == "typed_overlap":
        fits &= np.array([[x.type == y.type for y in second] for x in first])
    return int((maximum_bipartite_matching(csr_array(fits), perm_type="column") >= 0).sum())


def pair_f1(first: Sequence[Span], second: Sequence[Span], matching: Matching) -> float:
    """Return F1 = 2m / (|A| + |B|) of one document; 1 when both found nothing, 0 when one did."""
    size = len(first) + len(second)
    return 2 * count_matches(first, second, matching) / size if size else 1.0


class MatchedSizes(NamedTuple):
    """Σ m and Σ (|A| + |B|) over the pairs of annotators of each document, and which documents have a pair."""

    matches: FloatArray
    sizes: FloatArray
    paired: BoolArray


def span_f1(
    documents: Sequence[SpanDocument],
    matching: Matching,
    *,
    document_weight: ArrayLike | None = None,
    confidence: float = 0.95,
    population: Population = "process",
) -> Estimate:
    """Return micro F1 = 2 Σ m / Σ (|A| + |B|) over documents and pairs of annotators, jackknife t over documents.

    Symmetric in the annotators, in [0, 1]; documents count 1/π (`document_weight`, shape (D,)). n counts documents
    that two annotated. Undefined without one (`no_items`, `no_pairs`), without any span (`no_labels`: agreement that
    there is nothing is no evidence about spans), or `unknown_inclusion_probability` for the window without weights.
    Sources: Hripcsak & Rothschild 2005; Deleger et al. 2012.
    """
    matches, sizes = np.zeros(len(documents)), np.zeros(len(documents))
    for index, document in enumerate(documents):
        for first, second in combinations(document.annotations.values(), 2):
            matches[index] += count_matches(first, second, matching)
            sizes[index] += len(first) + len(second)
    return micro_f1(
        MatchedSizes(matches, sizes, paired_documents(documents)),
        method=f"span_f1_{matching}_jackknife_t",
        document_weight=document_weight,
        confidence=confidence,
        population=population,
    )


def paired_documents(documents: Sequence[SpanDocument]) -> BoolArray:
    """Return which documents two annotators or more have annotated, shape (D,)."""
    return np.array([len(document.annotations) >= 2 for document in documents], dtype=bool)


def micro_f1(
    sums: MatchedSizes,
    *,
    method: str,
    document_weight: ArrayLike | None,
    confidence: float,
    population: Population,
) -> Estimate:
    """Return 2 Σ w m / Σ w (|A| + |B|) with the jackknife over documents, from the sums of each document."""
    paired = sums.paired
    reason = _missing_evidence(sums)
    if reason is None and population == "window" and document_weight is None:
        reason = "unknown_inclusion_probability"
    n = int(paired.sum())
    if reason:
        return no_estimate(reason, method=method, n=n, confidence=confidence, population=population)
    weight = inclusion_weight(document_weight, paired.size)[paired]
    m, size = weight * sums.matches[paired], weight * sums.sizes[paired]
    value = 2 * float(m.sum()) / float(size.sum())
    rest = size.sum() - size
    limits, warning = None, "one_item" if n == 1 else "rests_on_one_item"
    if np.all(rest > 0):
        error = jackknife(value, 2 * (m.sum() - m) / rest, weight, population).standard_error
        limits = t_limits(value, error, n - 1, confidence, lowest=0.0)
        warning = "zero_variance"
    return Estimate(
        value=value,
        low=limits.low if limits else None,
        high=limits.high if limits else None,
        method=method,
        n=n,
        n_effective=kish(weight),
        confidence=confidence,
        population=population,
        warnings=() if limits else (warning,),
    )


def _missing_evidence(sums: MatchedSizes) -> Undefined | None:
    """Return why spans cannot be compared, None when two annotators share a document and one marked a span."""
    if sums.paired.size == 0:
        return "no_items"
    if not sums.paired.any():
        return "no_pairs"
    return None if sums.sizes.any() else "no_labels"
