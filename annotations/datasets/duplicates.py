"""Duplicates: texts that are the same, or nearly so.

Near ones by MinHash: the share of equal minima of two texts' hashed shingles estimates their Jaccard similarity. Texts
that share a band of minima are compared exactly; nothing is dropped on an estimate alone.
"""

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.uint64]

WORDS = 3
BANDS, ROWS = 16, 4  # of similar texts (0.8) one in 10,000 pairs shares no band
_PRIME = np.uint64((1 << 31) - 1)
_GENERATOR = np.random.Generator(np.random.PCG64(20_240_101))
_A = _GENERATOR.integers(1, int(_PRIME), BANDS * ROWS, dtype=np.uint64)
_B = _GENERATOR.integers(0, int(_PRIME), BANDS * ROWS, dtype=np.uint64)
_WORD = re.compile(r"\w+")


def clusters_of_same(texts: Sequence[bytes]) -> list[int]:
    """Return for each text the index of the first one that is equal to it."""
    first: dict[bytes, int] = {}
    return [first.setdefault(blake2b(text, digest_size=16).digest(), index) for index, text in enumerate(texts)]


def clusters_of_similar(texts: Sequence[str], *, threshold: float) -> list[int]:
    """Return for each text the index of the first one of its cluster: linked by pairs of at least this similarity.

    Similarity is that of their sets of three words in a row (of all their words, where they have fewer), whatever the
    case and the punctuation. Without shingles a text is like no other.
    """
    shingles = [_shingles(text) for text in texts]
    parents = list(range(len(texts)))
    seen: dict[tuple[int, bytes], list[int]] = {}
    for index, found in enumerate(shingles):
        if not len(found):
            continue
        compared: set[int] = set()
        for band, key in enumerate(_bands(found)):
            others = seen.setdefault((band, key), [])
            for other in others:
                if other in compared or _root(parents, other) == _root(parents, index):
                    continue
                compared.add(other)
                if _jaccard(found, shingles[other]) >= threshold:
                    _join(parents, other, index)
            # One of each cluster stands for it, or a thousand copies of one text would be compared pair by pair.
            if not others or _root(parents, others[-1]) != _root(parents, index):
                others.append(index)
    return [_root(parents, index) for index in range(len(texts))]


def _shingles(text: str) -> Numbers:
    words = _WORD.findall(text.casefold())
    if not words:
        return np.empty(0, np.uint64)
    size = min(WORDS, len(words))
    runs = {" ".join(words[at : at + size]) for at in range(len(words) - size + 1)}
    return np.unique(np.fromiter(map(_number, runs), np.uint64, len(runs)))


def _number(run: str) -> int:
    return int.from_bytes(blake2b(run.encode(), digest_size=4).digest(), "big") % ((1 << 31) - 1)


def _bands(shingles: Numbers) -> Iterable[bytes]:
    """Yield the keys of a text's bands: minima under as many hash functions, in groups."""
    minima = ((_A[:, None] * shingles[None, :] + _B[:, None]) % _PRIME).min(axis=1)
    for band in minima.reshape(BANDS, ROWS):
        yield band.tobytes()


def _jaccard(a: Numbers, b: Numbers) -> float:
    common = len(np.intersect1d(a, b, assume_unique=True))
    return common / (len(a) + len(b) - common)


def _root(parents: list[int], index: int) -> int:
    while parents[index] != index:
        parents[index] = parents[parents[index]]
        index = parents[index]
    return index


def _join(parents: list[int], a: int, b: int) -> None:
    """Make two clusters one; the lowest index leads it."""
    low, high = sorted((_root(parents, a), _root(parents, b)))
    parents[high] = low
