"""A text as recognisers read it: one byte a character, in plain ASCII as far as its characters mean ASCII.

Digits of any script become ASCII digits, wide letters narrow ones, all kinds of blanks and dashes the common ones, and
characters that show nothing (zero-width, soft hyphens, directions) are left out. Other letters become `LETTER`, except
those of scripts that are written without blanks: in `电话13800138000` the number begins where the Chinese ends. So a
pattern over bytes sees what a person sees, and an index stays an index.
"""

import re
import unicodedata
from functools import cached_property

from sampling.mask.words import Clause, WordList, read_clause, words_of

LETTER = b"\xe9"
OTHER = b"\xa4"
_WITHOUT_BLANKS = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR", "BOPOMOFO", "YI ")
_WIDTH, _WIDTH_BEHIND = 48, 16  # how many characters around a number are read
_ESCAPES = re.compile(rb"\\[nrt]")  # of JSON in a text: no letters of the word behind
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class _Folds(dict[int, str | None]):
    """What becomes of each character; worked out at its first use."""

    def __missing__(self, code: int) -> str | None:
        self[code] = folded = _fold(chr(code))
        return folded


def _fold(char: str) -> str | None:
    if char.isascii():
        return char
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.digit(char))
    if category == "Cf" or char == "\u20e3" or "\ufe00" <= char <= "\ufe0f":
        return None
    if category.startswith("Z"):
        return " " if category == "Zs" else "\n"
    if category == "Pd" or char == "\u2212":
        return "-"
    if category.startswith(("L", "M")) or "\uff01" <= char <= "\uff5e":
        plain = unicodedata.normalize("NFKC", char)
        if len(plain) == 1 and plain.isascii():
            return plain
    if category.startswith(("L", "M")) and not unicodedata.name(char, "").startswith(_WITHOUT_BLANKS):
        return LETTER.decode("latin-1")
    return OTHER.decode("latin-1")


_FOLDS = _Folds()


class Passage:
    """One text with the key it stands under, which tells what it is as the words before a number do.

    Places within are those of `folded`, which begins with the key; `place` turns them into places of the text.
    """

    def __init__(self, text: str, key: str = "") -> None:
        self.text = text
        self.lead = _HUMPS.sub(" ", key).replace("_", " ").lower() + ": " if key else ""
        folded = text if text.isascii() else text.translate(_FOLDS)
        self._dropped = len(folded) != len(text)
        lead = self.lead if self.lead.isascii() else self.lead.translate(_FOLDS)
        self.offset = len(lead)
        self._held: dict[WordList, bool] = {}
        self._clause: tuple[int, Clause] | None = None
        self.folded = _ESCAPES.sub(b"  ", (lead + folded).encode("latin-1"))

    @cached_property
    def _kept(self) -> list[int]:
        return [index for index, char in enumerate(self.text) if _FOLDS[ord(char)] is not None]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return the place in the text of a place in `folded`; what lies in the key begins with the text."""
        start, end = max(start - self.offset, 0), end - self.offset
        if self._dropped and start < end:
            return self._kept[start], self._kept[end - 1] + 1
        return start, end

    def may_hold(self, words: WordList) -> bool:
        """Tell whether any of the words may be in the passage; a quick look before each clause is read."""
        held = self._held.get(words)
        if held is None:
            held = self._held[words] = words.may_be_in(self._words, self.text)
        return held

    @cached_property
    def _words(self) -> frozenset[str]:
        return words_of((self.lead + self.text).lower())

    def clause_before(self, start: int) -> Clause:
        """Return the clause that a place in `folded` stands in, up to there; the key counts as its beginning."""
        if self._clause is None or self._clause[0] != start:
            at = self.place(start, start + 1)[0]
            words = self.text[max(at - _WIDTH, 0) : at]
            self._clause = start, read_clause((self.lead + words if at < _WIDTH else words).lower())
        return self._clause[1]

    def text_before(self, start: int) -> str:
        """Return the few characters before a place in `folded`, in lower case."""
        at = self.place(start, start + 1)[0]
        return self.text[max(at - _WIDTH_BEHIND, 0) : at].lower()

    def after(self, end: int) -> str:
        """Return what stands behind a place in `folded`, in lower case."""
        at = self.place(end - 1, end)[1]
        return self.text[at : at + _WIDTH_BEHIND].lower()
