"""Counting what masking found in labelled texts, kind by kind."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from sampling.mask.kinds import Kind
from sampling.mask.recognise import find_all
from tests.masking.corpus import Sample

STRUCTURED = tuple(kind for kind in Kind if kind not in {Kind.PHONE, Kind.CUSTOM})


@dataclass
class Score:
    """True and false findings. A finding is true where it covers the whole thing, no more than marks beside it, and
    names its kind."""

    found: Counter[Kind] = field(default_factory=Counter)
    missed: Counter[Kind] = field(default_factory=Counter)
    false: Counter[Kind] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def recall(self, *kinds: Kind) -> float:
        """Return the share of the things that was found."""
        found, missed = sum(self.found[kind] for kind in kinds), sum(self.missed[kind] for kind in kinds)
        return found / (found + missed)

    def precision(self, *kinds: Kind) -> float:
        """Return the share of the findings that are things."""
        found, false = sum(self.found[kind] for kind in kinds), sum(self.false[kind] for kind in kinds)
        return found / (found + false)


def score(samples: Iterable[Sample]) -> Score:
    """Return what was found in the samples."""
    result = Score()
    for sample in samples:
        findings = {(found.start, found.end, found.kind) for found in find_all(sample.text)}
        for start, end, kind in sample.expected:
            hit = next((each for each in findings if each[2] is kind and _covers(sample.text, each, start, end)), None)
            if hit is None:
                result.missed[kind] += 1
                result.wrong.append(f"missed {kind} {sample.text[start:end]!r} in {sample.text!r} [{sample.source}]")
            else:
                result.found[kind] += 1
                findings.discard(hit)
        for start, end, kind in findings:
            result.false[kind] += 1
            result.wrong.append(f"false {kind} {sample.text[start:end]!r} in {sample.text!r} [{sample.source}]")
    return result


def _covers(text: str, finding: tuple[int, int, Kind], start: int, end: int) -> bool:
    beside = text[finding[0] : start] + text[end : finding[1]]
    return finding[0] <= start and end <= finding[1] and not any(char.isalnum() for char in beside)
