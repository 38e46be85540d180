"""Masking what one item holds: every text in its JSON, keys of objects and long numbers too."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from reviewapp.accounts.models import Masking
from sampling.mask.custom import CustomPatterns, custom_patterns
from sampling.mask.kinds import PLACEHOLDER
from sampling.mask.placeholders import Placeholders
from sampling.mask.recognise import find_all
from sampling.mask.texts import Edit, mask_one

_MIN_NUMBER = 10**6  # fewer than seven digits are nothing by themselves


class MaskedItem(NamedTuple):
    """What an item's fields became.

    `originals` are the texts behind the placeholders, as each was written first; `edits` say what was done to the texts
    that people mark spans in, by their path (`input`, `output/1/content`, `steps/0/output`).
    """

    fields: dict[str, Any]
    originals: dict[str, str]
    edits: dict[str, tuple[Edit, ...]]


def mask_item(fields: Mapping[str, Any], *, texts: Iterable[str], custom: CustomPatterns | None = None) -> MaskedItem:
    """Return the fields masked, one numbering over all of them in the order given.

    `texts` are the item's texts in any form that shows the placeholders which they hold already.
    """
    taken = {match.group() for text in texts for match in PLACEHOLDER.finditer(text)}
    walk = _Walk(Placeholders(taken), custom)
    masked = {name: walk.value(value, key="", path=name) for name, value in fields.items()}
    return MaskedItem(masked, walk.placeholders.originals, walk.edits)


def mask_value(value: Any, *, placeholders: Placeholders, custom: CustomPatterns | None = None) -> Any:
    """Return a text, or anything of JSON, masked with an item's placeholders."""
    return _Walk(placeholders, custom).value(value, key="", path="")


def mask_value_alone(value: Any, *, masking: str, patterns: Sequence[Mapping[str, str]]) -> Any:
    """Return anything of JSON that belongs to no item yet as it would be stored under these settings."""
    if masking == Masking.OFF:
        return value
    taken = {match.group() for match in PLACEHOLDER.finditer(orjson.dumps(value).decode())}
    return mask_value(value, placeholders=Placeholders(taken), custom=custom_patterns(patterns))


class _Walk:
    """One way through an item's values."""

    def __init__(self, placeholders: Placeholders, custom: CustomPatterns | None) -> None:
        self.placeholders = placeholders
        self.edits: dict[str, tuple[Edit, ...]] = {}
        self._custom = custom

    def value(self, value: Any, *, key: str, path: str) -> Any:
        """Return a value masked; `key` is the nearest key above it, which may say what it is."""
        if isinstance(value, str):
            masked = mask_one(value, placeholders=self.placeholders, key=key, custom=self._custom)
            if masked.edits:
                self.edits[path] = masked.edits
            return masked.text
        if isinstance(value, dict):
            return self._object(value, path)
        if isinstance(value, list):
            return [self.value(each, key=key, path=f"{path}/{index}") for index, each in enumerate(value)]
        if isinstance(value, int | float) and abs(value) >= _MIN_NUMBER:
            return self._number(value, key)
        return value

    def _object(self, value: dict[str, Any], path: str) -> dict[str, Any]:
        masked: dict[str, Any] = {}
        for key, inner in value.items():
            shown = mask_one(key, placeholders=self.placeholders, custom=self._custom).text
            while shown in masked or (shown != key and shown in value):
                shown = self._another(shown, key)
            masked[shown] = self.value(inner, key=key, path=f"{path}/{shown}")
        return masked

    def _another(self, shown: str, key: str) -> str:
        """Return another key for one that masked would be the same as a key beside it: no value may be lost."""
        match = PLACEHOLDER.search(shown)
        kind = find_all(key, custom=self._custom)[0].kind
        placeholder = self.placeholders.give_another(kind, key)
        return placeholder if match is None else shown[: match.start()] + placeholder + shown[match.end() :]

    def _number(self, value: float, key: str) -> Any:
        """Return the placeholder of a number that as a whole is a card, an id or a phone number; or the number."""
        if isinstance(value, float) and not value.is_integer():
            return value
        text = str(int(value))
        findings = find_all(text, key=key, custom=self._custom)
        whole = len(findings) == 1 and (findings[0].start, findings[0].end) == (0, len(text))
        return self.placeholders.give(findings[0], text) if whole else value
