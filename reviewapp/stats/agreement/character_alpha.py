"""Agreement of span annotations character by character: nominal alpha with "outside" as a category, and F1."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.agreement.categories import minority_warning
from reviewapp.stats.agreement.coincidences import Disagreements, coincidence_matrix, disagreements
from reviewapp.stats.agreement.counts import inclusion_weight
from reviewapp.stats.agreement.krippendorff import AlphaRequest, KrippendorffAlpha
from reviewapp.stats.agreement.spans import MatchedSizes, Span, SpanDocument, micro_f1, paired_documents
from reviewapp.stats.arrays import FloatArray, IntArray
from reviewapp.stats.estimate import Estimate, Population

Types = frozenset[str]
"""The types an annotator gave a character: empty is outside, several where spans overlap."""


class Segments(NamedTuple):
    """Stretches on which no annotator changes: S lengths, and for each annotator the types of each stretch."""

    length: IntArray
    types: tuple[tuple[Types, ...], ...]


def segments(document: SpanDocument) -> Segments:
    """Return the document cut at every border of a span, so that long texts cost no more than their spans."""
    borders = {0, document.length}
    for spans in document.annotations.values():
        borders.update(edge for span in spans for edge in (span.start, span.end))
    edges = np.array(sorted(borders))
    types = tuple(_types_of_segments(spans, edges) for spans in document.annotations.values())
    return Segments(np.diff(edges), types)


def character_alpha(
    documents: Sequence[SpanDocument],
    *,
    document_weight: ArrayLike | None = None,
    confidence: float = 0.95,
    population: Population = "process",
) -> KrippendorffAlpha:
    """Return Krippendorff's nominal alpha over characters with a jackknife t interval over documents.

    Every character of a document that two annotated is a unit; its label is the set of types an annotator gave it,
    the empty set outside. Characters of a document depend on each other, so the jackknife leaves out documents, which
    count 1/π (`document_weight`, shape (D,)). n counts documents. Undefined without one that two annotated
    (`no_items`, `no_pairs`), when every character has the same label (`single_category`), or
    `unknown_inclusion_probability` for the window without weights. Source: Krippendorff 2011, Hughes 2022.
    """
    asked = AlphaRequest("character_alpha_nominal_jackknife_t", confidence, population)
    paired = paired_documents(documents)
    n = int(paired.sum())
    if n == 0:
        return asked.refused("no_pairs" if len(documents) else "no_items", 0)
    if population == "window" and document_weight is None:
        return asked.refused("unknown_inclusion_probability", n)
    weight = inclusion_weight(document_weight, len(documents))[paired]
    owner, length, counts = _count_segments([d for d, two in zip(documents, paired, strict=True) if two])
    # Scaled so that the mean weight of a character is 1, as items are for alpha.
    mean_weight = float(np.average(weight[owner], weights=length))
    character_weight = weight[owner] * length / mean_weight
    coincidences = coincidence_matrix(counts, character_weight)
    unused_scores = np.zeros(counts.shape[1])
    total = disagreements(coincidences, "nominal", unused_scores)
    if total.alpha is None:
        return asked.refused("single_category", n)
    left_out = None
    if n > 1:
        left_out = _without_each_document(owner, length, counts, character_weight, coincidences).alpha
    return asked.answered(total, coincidences, left_out, weight, minority_warning(counts * length[:, None]))


def character_f1(
    documents: Sequence[SpanDocument],
    *,
    document_weight: ArrayLike | None = None,
    confidence: float = 0.95,
    population: Population = "process",
) -> Estimate:
    """Return typed F1 over characters, micro over documents and pairs, jackknife t over documents.

    m is the number of (character, type) both annotators gave, |A| and |B| how many each gave. Undefined as `span_f1`.
    """
    matches, sizes = np.zeros(len(documents)), np.zeros(len(documents))
    for index, document in enumerate(documents):
        cut = segments(document)
        for first, second in combinations(cut.types, 2):
            matches[index] += cut.length @ [len(a & b) for a, b in zip(first, second, strict=True)]
            sizes[index] += cut.length @ [len(a) + len(b) for a, b in zip(first, second, strict=True)]
    return micro_f1(
        MatchedSizes(matches, sizes, paired_documents(documents)),
        method="character_f1_jackknife_t",
        document_weight=document_weight,
        confidence=confidence,
        population=population,
    )


def _types_of_segments(spans: Sequence[Span], edges: IntArray) -> tuple[Types, ...]:
    """Return the types one annotator gave each stretch between `edges`."""
    types: list[Types] = [frozenset()] * (edges.size - 1)
    for span in spans:
        for index in range(*np.searchsorted(edges, (span.start, span.end))):
            types[index] |= {span.type}
    return tuple(types)


def _count_segments(documents: Sequence[SpanDocument]) -> tuple[IntArray, IntArray, FloatArray]:
    """Return document index and length of each stretch, shape (S,), and its labels by set of types, shape (S, q)."""
    category: dict[Types, int] = {}
    owner, lengths, row, column, stretches = [], [], [], [], 0
    for index, document in enumerate(documents):
        cut = segments(document)
        owner.append(np.full(cut.length.size, index))
        lengths.append(cut.length)
        for types in cut.types:
            row.append(stretches + np.arange(cut.length.size))
            column.append(np.array([category.setdefault(each, len(category)) for each in types], dtype=np.int64))
        stretches += cut.length.size
    q = len(category)
    cell = np.concatenate(row) * q + np.concatenate(column)
    counts = np.bincount(cell, minlength=stretches * q).reshape(stretches, q).astype(float)
    return np.concatenate(owner), np.concatenate(lengths), counts


def _without_each_document(
    owner: IntArray, length: IntArray, counts: FloatArray, character_weight: FloatArray, coincidences: FloatArray
) -> Disagreements:
    """Return the sums behind nominal alpha with each document left out, shape (D,), by taking its share away."""
    marginals = coincidences.sum(axis=1)
    r = counts.sum(axis=1)
    differing = character_weight * (r**2 - (counts**2).sum(axis=1)) / (r - 1)
    own = np.zeros((int(owner[-1]) + 1, counts.shape[1]))
    np.add.at(own, owner, character_weight[:, None] * counts)
    left = marginals - own
    total = left.sum(axis=1)
    observed = coincidences.sum() - np.trace(coincidences) - np.bincount(owner, weights=differing)
    expected = total**2 - (left**2).sum(axis=1)
    characters = length.sum() - np.bincount(owner, weights=length)
    mean_weight = (character_weight.sum() - np.bincount(owner, weights=character_weight)) / np.maximum(characters, 1)
    return Disagreements(observed, np.where(expected > 1e-12 * total**2, expected, 0.0), total - mean_weight)
