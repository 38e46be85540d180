"""What people type into the search field: words that must all occur, "phrases in quotes", and -words that must not.

A word is found by its beginning (`deliv` finds delivery), a phrase as it is written. Case does not matter, nor do marks
between words. The same rules make the condition for Postgres and the pattern that finds the hits to highlight.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from sampling.plans.filters_sql import SqlCondition

MAX_PARTS = 20
MAX_LENGTH = 500
_PART = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')
_WORD = re.compile(r"[^\W_]+")
# The scripts that write without spaces; `search_text` in the database makes a word of each of their characters.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uf900-\ufaff\U00020000-\U0003ffff"
_CUT = re.compile(f"[{UNSPACED}]|[^\\W_{UNSPACED}]+")


@dataclass(frozen=True, slots=True)
class Part:
    """One word or phrase. `exact` asks for whole words only."""

    text: str
    exact: bool = False
    negated: bool = False

    @property
    def words(self) -> list[str]:
        """Return the words of the part as Postgres sees them."""
        return _CUT.findall(self.text)


@dataclass(frozen=True)
class TextQuery:
    """A search that asks for something; a condition on items, and a pattern for their texts."""

    parts: tuple[Part, ...]

    @property
    def is_findable(self) -> bool:
        """Tell whether an index can find it: something has to occur, not only to be absent."""
        return any(not part.negated for part in self.parts)

    def tsquery(self) -> SqlCondition:
        """Return an SQL expression of type tsquery."""
        pieces = []
        for part in self.parts:
            if part.exact:
                piece = "phraseto_tsquery('simple', search_text(%s))"
            else:
                piece = "to_tsquery('simple', '''' || search_text(%s) || ''':*')"
            pieces.append(f"!!{piece}" if part.negated else piece)
        return SqlCondition(f"({' && '.join(pieces)})", [_quotable(part.text) for part in self.parts])

    @cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """Return the pattern of what is found; None where things have to be absent only."""
        found = [_pattern(part) for part in self.parts if not part.negated]
        return re.compile("|".join(found), re.IGNORECASE) if found else None


def parse_text(text: str) -> TextQuery | None:
    """Return the query of a search field, None where it asks for nothing (empty, or marks only)."""
    parts: list[Part] = []
    for minus, phrase, word in _PART.findall(text[:MAX_LENGTH].replace("\0", " "))[:MAX_PARTS]:
        part = Part(phrase or word, exact=bool(phrase), negated=bool(minus))
        if part.words:
            parts.append(part)
    return TextQuery(tuple(parts)) if parts else None


def _quotable(text: str) -> str:
    return text.replace("'", " ").replace("\\", " ")


def _pattern(part: Part) -> str:
    words = part.words
    pieces = []
    for at, word in enumerate(words):
        unspaced = re.match(f"[{UNSPACED}]", word) is not None
        before = "" if unspaced or at else r"(?<![^\W_])"
        after = "" if unspaced else (r"(?![^\W_])" if part.exact or at < len(words) - 1 else r"[^\W_]*")
        pieces.append(before + re.escape(word) + after)
    return r"[\W_]*?".join(pieces)
