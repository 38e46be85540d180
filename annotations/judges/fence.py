"""Fencing what came from outside: whatever an item says is material for a judge, never an instruction to it.

A value is shown between marks that carry a random word. The word is an HMAC of the project's salt and the item, so that
nobody who writes an item can know it, while the same item is asked about in the same words, and answered from the
cache. What people cannot see (zero-width, bidirectional and tag characters) is written out.
"""

import hmac
import re
import unicodedata
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from sampling.items.content import text_of

_KEPT = frozenset("\n\r\t")
# Format characters, and the blanks that some of them hide behind; all but a few of Unicode's are none of these.
_HIDDEN = re.compile("[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]")  # fmt: skip


def fence_word(secret: str, *parts: str) -> str:
    """Return the random word of an item's marks."""
    return hmac.new(secret.encode(), b"\x1f".join(part.encode() for part in parts), sha256).hexdigest()[:24]


def visible(text: str) -> str:
    """Return the text with what cannot be seen written out, such as `\\u{200b}`."""
    return _HIDDEN.sub(_written, text)


def _written(match: re.Match[str]) -> str:
    sign = match.group()
    if sign in _KEPT or (sign == "\ufe0f"):  # the second makes an emoji of the sign before it
        return sign
    return f"\\u{{{ord(sign):x}}}" if unicodedata.category(sign) != "Zs" else " "


class Untrusted:
    """A value of an item inside a template: printed between marks, looked into by name or number, compared.

    It has no methods, so that a template can do nothing else with it.
    """

    __slots__ = ("_name", "_value", "_word")

    def __init__(self, value: Any, *, name: str, word: str) -> None:
        self._value, self._name, self._word = value, name, word

    def __str__(self) -> str:
        if self._value is None:
            return ""
        text = visible(text_of(self._value))
        while self._word in text:  # whoever guessed it would have to guess all that follow
            text = text.replace(self._word, "…")
        return f"<<<{self._name} {self._word}>>>\n{text}\n<<<end {self._word}>>>"

    def __getitem__(self, key: Any) -> "Untrusted":
        found = text_of(self._value)[key] if isinstance(key, slice) else self._value[key]
        return Untrusted(
            found, name=self._name if isinstance(key, slice) else f"{self._name}.{key}"[:80], word=self._word
        )

    def __iter__(self) -> Iterator["Untrusted"]:
        for nth, value in enumerate(self._value if isinstance(self._value, list | dict) else ()):
            yield Untrusted(value, name=f"{self._name}.{nth}", word=self._word)

    def __len__(self) -> int:
        return len(self._value) if isinstance(self._value, str | list | dict) else int(self._value is not None)

    def __eq__(self, other: object) -> bool:
        return bool(self._value == (other._value if isinstance(other, Untrusted) else other))

    def __hash__(self) -> int:
        return hash(self._word)
