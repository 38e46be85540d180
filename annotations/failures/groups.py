"""Notes that share words, as suggestions for failure modes: the same notes always give the same groups.

Each note is a vector of its words, weighted by how rare they are (tf-idf: Salton & Buckley 1988), and notes are joined
by average linkage on the cosine distance (Sokal & Michener 1958) while they are nearer than `NEAR`.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_array
from scipy.spatial.distance import squareform

from reviewapp.stats.arrays import FloatArray

MOST_NOTES = 1000
MOST_GROUPS = 12
NEAR = 0.82
LEAST_NOTES = 3
COMMON = 0.5  # a word in more than this share of the notes tells none apart
NAMED_BY = 3

_WORD = re.compile(r"[^\W\d_]{3,}")
_STOP_WORDS = """
a about above after again all also although always and any are because been before being between both but can cannot
could did didn does doesn don down during each even every for from get gets give gives given had has have having her
here him his how into isn its itself just like made make makes many may more most much must never not now off one only
other our out over own per quite rather really said same say says she should since some still such than that the their
them then there these they thing this those though through too under until upon use used very want wants was wasn way
were what when where which while who whom why will with within without would yes yet you your answer answers
"""
_STOP = frozenset(_STOP_WORDS.split())


class Group(NamedTuple):
    """Notes that share words: their commonest telling words, and the notes' places in what was given."""

    name: str
    members: tuple[int, ...]


def group_notes(texts: Sequence[str]) -> list[Group]:
    """Return groups of at least three notes, the largest first; at most the first thousand notes are looked at."""
    words = [_words(text) for text in texts[:MOST_NOTES]]
    matrix, terms = _weights(words)
    told = np.flatnonzero(np.diff(matrix.indptr))
    if told.size < LEAST_NOTES:
        return []
    rows = matrix[told]
    distance = np.clip(1.0 - (rows @ rows.T).toarray(), 0.0, 1.0)
    distance = np.round((distance + distance.T) / 2, 9)
    np.fill_diagonal(distance, 0.0)
    cluster = fcluster(linkage(squareform(distance, checks=False), method="average"), NEAR, criterion="distance")
    surface = Counter(pair for note in words for pair in note)
    groups = []
    for number in np.unique(cluster):
        members = told[cluster == number]
        if members.size >= LEAST_NOTES:
            groups.append(Group(_name(matrix[members], terms, surface), tuple(members.tolist())))
    return sorted(groups, key=lambda group: (-len(group.members), group.name))[:MOST_GROUPS]


def _words(text: str) -> list[tuple[str, str]]:
    """Return (stem, word) of the telling words of a note."""
    found = [word for word in _WORD.findall(text.casefold()) if word not in _STOP]
    return [(_stem(word), word) for word in found]


def _stem(word: str) -> str:
    """Return the word without a plural's or a form's ending: enough to bring `rules` and `rule` together."""
    for ending in ("ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4 and not word.endswith("ss"):
            return word[: -len(ending)].rstrip("e")
    return word.rstrip("e") if len(word) > 4 else word


def _weights(words: Sequence[Sequence[tuple[str, str]]]) -> tuple[csr_array, list[str]]:
    """Return the notes × terms matrix of unit rows, and the terms: those of two notes or more, and not of most."""
    n = len(words)
    counts = [Counter(stem for stem, _ in note) for note in words]
    seen = Counter(stem for count in counts for stem in count)
    most = max(2.0, COMMON * n)
    terms = sorted(stem for stem, times in seen.items() if 2 <= times <= most)
    place = {stem: index for index, stem in enumerate(terms)}
    row, column, value = [], [], []
    for index, count in enumerate(counts):
        for stem, times in count.items():
            if stem in place:
                row.append(index)
                column.append(place[stem])
                value.append((1 + np.log(times)) * np.log((1 + n) / seen[stem]))
    matrix = csr_array((value, (row, column)), shape=(n, len(terms)), dtype=np.float64)
    norm = np.sqrt((matrix * matrix).sum(axis=1))
    scale: FloatArray = np.where(norm > 0, 1 / np.where(norm > 0, norm, 1), 0)
    return csr_array(matrix.multiply(scale[:, None])), terms


def _name(rows: csr_array, terms: Sequence[str], surface: Counter[tuple[str, str]]) -> str:
    """Return the words that weigh most in a group, each in the form in which it occurs most."""
    total = np.asarray(rows.sum(axis=0)).ravel()
    best = sorted(np.flatnonzero(total > 0).tolist(), key=lambda index: (-round(float(total[index]), 9), terms[index]))[
        :NAMED_BY
    ]
    forms = []
    for index in best:
        candidates = [(times, word) for (stem, word), times in surface.items() if stem == terms[index]]
        forms.append(min(candidates, key=lambda pair: (-pair[0], pair[1]))[1])
    return ", ".join(forms)
