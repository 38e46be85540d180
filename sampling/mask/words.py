"""Words around a number, and lists of words to look for among them."""

import re
from typing import NamedTuple

_WORD = re.compile(r"[^\W\d_]+")
# A full stop ends a clause unless it belongs to a short form, as in "Tel." and "No.".
_CLAUSE_END = re.compile(r"[!?;\n]|(?<!\b\w)(?<!\b\w\w)(?<!\b\w\w\w)\. ")


class Word(NamedTuple):
    """A word and where it ends in its clause."""

    text: str
    end: int


class Clause(NamedTuple):
    """What stands before a number as far as the clause goes, in lower case, and its words.

    A number at the beginning of a line has the line before as its clause, which may be its label; `line` is where the
    number's own line begins.
    """

    text: str
    words: tuple[Word, ...]
    line: int


def read_clause(before: str) -> Clause:
    """Return the clause that a text in lower case ends with."""
    start = max((match.end() for match in _CLAUSE_END.finditer(before.rstrip())), default=0)
    text = before[start:]
    words = tuple(Word(match.group(), match.end()) for match in _WORD.finditer(text))
    return Clause(text, words, text.rfind("\n") + 1)


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text in lower case."""
    return frozenset(_WORD.findall(text))


class WordList:
    """Words (`tel`), beginnings of words (`telefon*`), and two in a row (`tax_file`), whatever mark is between them.

    `unspaced` are words of scripts without blanks, found anywhere.
    """

    def __init__(self, words: str, unspaced: str = "") -> None:
        listed = words.split()
        self._whole = frozenset(word.replace("_", " ") for word in listed if not word.endswith("*"))
        self._last_words = frozenset(word.rpartition(" ")[2] for word in self._whole)
        self._beginnings = tuple(word[:-1] for word in listed if word.endswith("*"))
        self._unspaced = tuple(unspaced.split())

    def last_in(self, clause: Clause) -> int:
        """Return where the last of the words ends in the clause, -1 where there is none."""
        last = -1
        previous = ""
        for word, end in clause.words:
            if word in self._whole or f"{previous} {word}" in self._whole or self._begins(word):
                last = end
            previous = word
        if not clause.text.isascii():
            for word in self._unspaced:
                at = clause.text.rfind(word)
                last = max(last, at + len(word) if at >= 0 else -1)
        return last

    def may_be_in(self, words: frozenset[str], text: str) -> bool:
        """Tell, for a whole text at once, whether any of the words may be in it."""
        return (
            not self._last_words.isdisjoint(words)
            or any(map(self._begins, words))
            or any(word in text for word in self._unspaced)
        )

    def _begins(self, word: str) -> bool:
        return bool(self._beginnings) and word.startswith(self._beginnings)
