"""Texts as vectors of fixed length: words hashed into columns, without a vocabulary to store."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from reviewapp.stats.arrays import FloatArray

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class HashedTexts:
    """`matrix` is texts × columns: 1/sqrt(distinct words) where a word of the text falls, 0 elsewhere; rows of length
    about 1. `words[j]` counts in how many texts each word of column j occurs.
    """

    matrix: FloatArray
    words: tuple[Counter[str], ...]


def hash_texts(texts: Sequence[str], columns: int = 256) -> HashedTexts:
    """Hash the distinct lower-case words of every text into `columns` columns (CRC-32, the same on every machine).

    A text without words is a row of zeros.
    """
    if columns < 1:
        raise ValueError("texts are hashed into at least one column")
    matrix = np.zeros((len(texts), columns))
    words: tuple[Counter[str], ...] = tuple(Counter() for _ in range(columns))
    for row, text in enumerate(texts):
        distinct = sorted(set(_WORD.findall(text.lower())))
        for word in distinct:
            column = crc32(word.encode()) % columns
            matrix[row, column] = 1 / np.sqrt(len(distinct))
            words[column][word] += 1
    return HashedTexts(matrix, words)
