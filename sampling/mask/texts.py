"""Masking one text."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reviewapp.accounts.models import Masking
from sampling.mask.custom import CustomPatterns, custom_patterns
from sampling.mask.kinds import PLACEHOLDER
from sampling.mask.placeholders import Placeholders
from sampling.mask.recognise import find_all


class Edit(NamedTuple):
    """A place in a text before it was masked (code points), and the placeholder that stands there now."""

    start: int
    end: int
    placeholder: str


class MaskedText(NamedTuple):
    """A masked text and what was done to it."""

    text: str
    edits: tuple[Edit, ...]


def mask_one(
    text: str, *, placeholders: Placeholders, key: str = "", custom: CustomPatterns | None = None
) -> MaskedText:
    """Return a text with placeholders for what is to be masked in it."""
    findings = find_all(text, key=key, custom=custom)
    if not findings:
        return MaskedText(text, ())
    parts: list[str] = []
    edits: list[Edit] = []
    at = 0
    for found in findings:
        placeholder = placeholders.give(found, text[found.start : found.end])
        parts += (text[at : found.start], placeholder)
        edits.append(Edit(found.start, found.end, placeholder))
        at = found.end
    return MaskedText("".join([*parts, text[at:]]), tuple(edits))


def try_mask(text: str, *, masking: str, patterns: Sequence[Mapping[str, str]]) -> MaskedText:
    """Return a text by itself as it would be stored under these settings, with what was done to it."""
    if masking == Masking.OFF:
        return MaskedText(text, ())
    taken = {match.group() for match in PLACEHOLDER.finditer(text)}
    return mask_one(text, placeholders=Placeholders(taken), custom=custom_patterns(patterns))
