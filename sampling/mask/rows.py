"""Rows of digit groups: a run of digits and marks cut into every row of neighbours that could be one number."""

from collections.abc import Iterator
from typing import NamedTuple

from sampling.mask.passage import LETTER, Passage
from sampling.mask.patterns import MARK, compile_folded

MIN_DIGITS = 7
MAX_DIGITS = 19
MAX_GROUPS = 8

# Seven digits with at most three marks after each.
TRIGGER = rf"(?:\p{{Nd}}{MARK}{{0,3}}){{{MIN_DIGITS - 1}}}\p{{Nd}}"

_RUN = compile_folded(rb"[0-9](?:[ .()/+-]{0,3}[0-9]){%d,}" % (MIN_DIGITS - 1))
_GROUP = compile_folded(rb"[0-9]+")


class DigitRow(NamedTuple):
    """Neighbouring groups of digits, read as one number.

    `shape` has the lengths of the groups with the marks between them, without blanks beside other marks: `3-2-4` for a
    social security number. `left` and `right` are the bytes outside, empty at the ends of the text.
    """

    passage: Passage
    start: int
    end: int
    digits: str
    shape: str
    groups: tuple[str, ...]
    left: bytes
    right: bytes
    previous: int  # how many digits the group before it in the same run has

    @property
    def is_part_of_a_word(self) -> bool:
        """Tell whether a letter or digit touches it, as in `GB82…` or `id_0123`."""
        return _in_word(self.left[-1:]) or _in_word(self.right[:1])

    @property
    def is_part_of_a_code(self) -> bool:
        """Tell whether it touches a word, or a dash or dot ties it to one, as in `ABC-0123` or `0123-abc`."""
        tied = self.left[-1:] in {b"-", b"."} and _in_word(self.left[-2:-1])
        return self.is_part_of_a_word or tied or (self.right[:1] == b"-" and _in_word(self.right[1:2]))

    @property
    def is_part_of_a_name(self) -> bool:
        """Tell whether it is part of a code, or of a path or a reference: `/0123`, `#0123`."""
        return self.is_part_of_a_code or (self.left[-1:] in _TIES and bool(self.left[-2:-1].strip()))

    @property
    def is_within_digits(self) -> bool:
        """Tell whether more digits stand before or behind it, parted by no more than a blank or a mark."""
        before = self.left.rstrip(b" ")[-1:].isdigit()
        return before or (self.right[:1] in {b" ", b"-", b"."} and self.right[1:2].isdigit())


_TIES = frozenset({b"/", b"#", b"&", b"@", b"\\"})


def _in_word(byte: bytes) -> bool:
    return byte.isalnum() or byte in {b"_", LETTER}


def list_runs(passage: Passage) -> Iterator["Run"]:
    """Yield the runs of digits and marks that hold digits enough to be anything."""
    for match in _RUN.finditer(passage.folded):
        yield Run(passage, *match.span())


class Run:
    """One run, whose rows are taken from left to right."""

    def __init__(self, passage: Passage, start: int, end: int) -> None:
        folded = passage.folded
        self._passage = passage
        self._spans = [match.span() for match in _GROUP.finditer(folded, start, end)]
        self._texts = [folded[a:b].decode("ascii") for a, b in self._spans]
        between = zip(self._spans, self._spans[1:], strict=False)
        self._marks = [_mark(folded[before[1] : after[0]]) for before, after in between]

    def __len__(self) -> int:
        return len(self._spans)

    def rows_from(self, first: int) -> list[tuple[int, DigitRow]]:
        """Return the rows that begin with a group, the longest first, each with the index of the group behind it."""
        spans, folded = self._spans, self._passage.folded
        start = spans[first][0]
        left = folded[max(start - 3, 0) : start]
        previous = len(self._texts[first - 1]) if first else 0
        digits, shape = "", ""
        rows = []
        for last in range(first, min(first + MAX_GROUPS, len(spans))):
            if last > first:
                mark = self._marks[last - 1]
                if mark is None:
                    break
                shape += mark
            digits += self._texts[last]
            shape += str(len(self._texts[last]))
            if len(digits) > MAX_DIGITS:
                break
            if len(digits) >= MIN_DIGITS:
                end = spans[last][1]
                groups = tuple(self._texts[first : last + 1])
                right = folded[end : end + 3]
                row = DigitRow(self._passage, start, end, digits, shape, groups, left, right, previous)
                rows.append((last + 1, row))
        rows.reverse()
        return rows

    def is_list_of_digits(self, first: int) -> bool:
        """Tell whether single digits follow each other here: no number is written so, and texts may be full of them."""
        texts = self._texts[first : first + 4]
        return len(texts) == 4 and all(len(text) == 1 for text in texts)


def _mark(between: bytes) -> str | None:
    """Return the mark between two groups, None where it parts numbers: a `+` begins one, `. ` ends a sentence."""
    if b"+" in between or b". " in between:
        return None
    return between.strip().decode("ascii").replace(" ", "") or " "
