"""The placeholders of one item: the same thing is the same placeholder in all of its texts."""

from collections import Counter
from collections.abc import Iterable, Sequence

from sampling.mask.kinds import Finding, Kind

_PHONE_TAIL = 7  # digits by which 0171 2345678 is found again as +49 171 2345678


class Placeholders:
    """Gives out placeholders, counted by kind from 1, and remembers what each stands for.

    `taken` are those that the item's texts hold already: they are left alone, and their numbers are not given out.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.originals: dict[str, str] = {}
        self._taken = frozenset(taken)
        self._counts: Counter[Kind] = Counter()
        self._given: dict[tuple[Kind, str], str] = {}
        self._phones: dict[str, list[str]] = {}

    def know(self, placeholder: str, text: str, findings: Sequence[Finding]) -> None:
        """Take note of a placeholder given out before: what it stands for, and what is found in that by itself."""
        self._taken |= {placeholder}
        self.originals[placeholder] = text
        if len(findings) == 1 and (findings[0].start, findings[0].end) == (0, len(text)):
            found = findings[0]
            value = self._same_phone(found.value) if found.kind is Kind.PHONE else found.value
            self._given[found.kind, value] = placeholder

    def give(self, finding: Finding, text: str) -> str:
        """Return the placeholder of a finding whose text is `text`."""
        value = self._same_phone(finding.value) if finding.kind is Kind.PHONE else finding.value
        placeholder = self._given.get((finding.kind, value))
        if placeholder is None:
            placeholder = self._given[finding.kind, value] = self.give_another(finding.kind, text)
        return placeholder

    def give_another(self, kind: Kind, text: str) -> str:
        """Return a placeholder that no other thing has."""
        while True:
            self._counts[kind] += 1
            placeholder = f"[{kind}_{self._counts[kind]}]"
            if placeholder not in self._taken:
                self.originals[placeholder] = text
                return placeholder

    def _same_phone(self, value: str) -> str:
        """Return the first way in which this phone number was written: with the country's code, or with a 0 instead."""
        digits = value.lstrip("+").lstrip("0")
        alike = self._phones.setdefault(digits[-_PHONE_TAIL:], [])
        for known in alike:
            other = known.lstrip("+").lstrip("0")
            if other.endswith(digits) or digits.endswith(other):
                return known
        alike.append(value)
        return value
