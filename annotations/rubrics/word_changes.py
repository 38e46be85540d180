"""How much of a text was changed, in words; `static/js/review/word_diff.js` is its twin and shows the same number."""

import re
from typing import NamedTuple

# Words in most scripts, single characters where words have no spaces between them, and punctuation by itself.
_ALONE = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_MARKS = r".,;:!?()\[\]{}\""
WORD = re.compile(rf"[{_ALONE}{_MARKS}]|[^ \t\r\n{_ALONE}{_MARKS}]+")

# Where more words than this differ, all between the first and the last difference counts as changed.
MOST_CHANGES = 400


class Changes(NamedTuple):
    """Words removed and added, and their share of all words of both texts: 0 is unchanged, 1 is nothing in common."""

    removed: int
    added: int
    changed: float


def count_changes(original: str, corrected: str) -> Changes:
    """Return the fewest words to remove and add (Myers 1986), counted exactly up to `MOST_CHANGES` of them."""
    old, new = WORD.findall(original), WORD.findall(corrected)
    words = len(old) + len(new)
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    old, new = old[start : len(old) - end], new[start : len(new) - end]
    distance = _edit_distance(old, new)
    kept = (len(old) + len(new) - distance) // 2
    return Changes(len(old) - kept, len(new) - kept, round(distance / words, 4) if words else 0.0)


def _edit_distance(old: list[str], new: list[str]) -> int:
    """Return the least number of insertions and deletions, or the sum of the lengths where it is above the bound."""
    n, m = len(old), len(new)
    reached = {1: 0}
    for distance in range(min(MOST_CHANGES, n + m) + 1):
        for diagonal in range(-distance, distance + 1, 2):
            down = diagonal == -distance or (
                diagonal != distance and reached.get(diagonal - 1, -1) < reached.get(diagonal + 1, -1)
            )
            x = reached[diagonal + 1] if down else reached[diagonal - 1] + 1
            while x < n and x - diagonal < m and x - diagonal >= 0 and old[x] == new[x - diagonal]:
                x += 1
            reached[diagonal] = x
            if x >= n and x - diagonal >= m:
                return distance
    return n + m
