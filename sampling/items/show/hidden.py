"""Characters that nobody would see: what has no width, steers direction, or carries text in disguise."""

import re
from functools import lru_cache

_NAMES = {
    "\r": "CR", "\xad": "SHY", "\u034f": "CGJ", "\u061c": "ALM", "\u180e": "MVS", "\u200b": "ZWSP", "\u200c": "ZWNJ",
    "\u200d": "ZWJ", "\u200e": "LRM", "\u200f": "RLM", "\u2028": "LSEP", "\u2029": "PSEP", "\u202a": "LRE",
    "\u202b": "RLE", "\u202c": "PDF", "\u202d": "LRO", "\u202e": "RLO", "\u2060": "WJ", "\u2066": "LRI",
    "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI", "\u2800": "BLANK", "\ufeff": "BOM",
}  # fmt: skip

# Controls but tab and line feed; fillers and joiners; direction; variation selectors; tags. A run of one character is
# one find, and so is a run of tags or of variation selectors, because there they spell something out.
_ALONE = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0080-\U000e00ff"
)
ANY_HIDDEN = rf"{_ALONE}\ufe00-\ufe0f\U000e0000-\U000e01ef"  # but a carriage return alone
HIDDEN = (
    r"[\U000e0000-\U000e007f]+|[\ufe00-\ufe0f\U000e0100-\U000e01ef]+|\r(?!\n)"
    rf"|(?P<one>[{_ALONE}])(?P=one)*"
)
_KEYCAPS = frozenset("0123456789#*")
_BLACK_FLAG, _CANCEL_TAG = "\U0001f3f4", "\U000e007f"


def belongs(text: str, start: int, end: int) -> bool:
    """Tell whether a find is part of the writing: joiners within scripts and pictures, one selector, a flag's tags."""
    before = text[start - 1] if start else ""
    first = text[start]
    if first in "\u200c\u200d":
        return end - start == 1 and before > "\x7f" and end < len(text) and text[end] > "\x7f"
    if _is_selector(first):
        return end - start == 1 and (before > "\x7f" or before in _KEYCAPS) and bool(before)
    if "\U000e0000" <= first <= _CANCEL_TAG:
        return before == _BLACK_FLAG and end - start <= 7 and text[end - 1] == _CANCEL_TAG
    return False


@lru_cache(maxsize=1024)
def name_of(run: str) -> tuple[str, str]:
    """Return what a run of hidden characters is labelled with, and what that means in words."""
    first = run[0]
    code = f"U+{ord(first):04X}"
    if "\U000e0000" <= first <= _CANCEL_TAG:
        said = "".join(chr(ord(one) - 0xE0000) for one in run if "\U000e0020" <= one < _CANCEL_TAG)
        cut = f"{said[:60]}…" if len(said) > 60 else said
        return f"TAGS “{cut}”", f"{len(run)} hidden tag characters, which spell: {cut}"
    label = "VS" if _is_selector(first) else _NAMES.get(first, code)
    if len(run) > 1:
        return f"{label}×{len(run)}", f"{len(run)} hidden characters {code}"
    return label, f"Hidden character {code}"


def find_any(text: str) -> bool:
    """Tell whether a text has a hidden character that does not belong to its writing."""
    return any(not belongs(text, *found.span()) for found in re.finditer(HIDDEN, text))


def _is_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
