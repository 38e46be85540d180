"""How much of a text was changed, against the plain table of the longest common subsequence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.rubrics.word_changes import MOST_CHANGES, WORD, Changes, count_changes


def common(old, new):
    """Return the length of the longest common subsequence, by the quadratic table."""
    row = [0] * (len(new) + 1)
    for one in old:
        before = row[:]
        for index, other in enumerate(new, 1):
            row[index] = before[index - 1] + 1 if one == other else max(before[index], row[index - 1])
    return row[-1]


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("", "", Changes(0, 0, 0.0)),
        ("same words", "same  words\n", Changes(0, 0, 0.0)),
        ("", "two words", Changes(0, 2, 1.0)),
        ("a b c", "x y z", Changes(3, 3, 1.0)),
        # Five words and a full stop on either side; one word replaced: 2 of 12.
        ("the cat sat on it.", "the cat sat on them.", Changes(1, 1, 0.1667)),
        ("你好世界", "你好朋友", Changes(2, 2, 0.5)),
    ],
)
def test_changes_are_counted_in_words(old, new, changes):
    assert count_changes(old, new) == changes


words = st.lists(st.sampled_from("abc"), max_size=30)


@given(words, words)
def test_the_fewest_changes_are_found(old, new):
    kept = common(old, new)
    found = count_changes(" ".join(old), " ".join(new))
    assert (found.removed, found.added) == (len(old) - kept, len(new) - kept)


def test_beyond_the_bound_everything_between_counts_as_changed():
    half = MOST_CHANGES // 2
    old, new = [f"a{n}" for n in range(half + 1)], [f"b{n}" for n in range(half + 1)]
    middle = ["kept"]
    text = " ".join(["start", *old, *middle, *old, "end"]), " ".join(["start", *new, *middle, *new, "end"])
    assert count_changes(*text)[:2] == (2 * half + 3, 2 * half + 3)
    assert len(WORD.findall(text[0])) == 2 * half + 5
