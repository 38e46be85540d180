"""Where does it fail? Slices of the traffic ranked by the failure that they explain."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from annotations.failures.assign import FACT
from annotations.failures.codebook import read_codebook
from annotations.failures.evidence import FAIL, Evidence, read_evidence
from annotations.failures.prevalence import estimate_share
from annotations.failures.slice_facts import SliceFact, read_slice_facts, slice_filter
from annotations.quality.asked import Window
from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.stats.arrays import BoolArray, IntArray
from reviewapp.stats.estimate import Estimate, no_estimate
from reviewapp.stats.pass_rate.labels_only import labels_only
from reviewapp.stats.pass_rate.sample import LabelledSample, labelled_sample
from reviewapp.stats.segments import shrink_segments
from reviewapp.stats.slices import LEAST_LABELS, Slices, compare_slices
from sampling.models import Item

MOST_PAIRED = 12  # facts that are also crossed with each other
SHOWN = 50
SMALL = 30.0  # effective labels under which a slice's own rate is not to be read alone
EXAMPLES = 3
MOST_LEANED_ON = 2000


class Condition(NamedTuple):
    """A fact and its value; None where it is not known."""

    fact: str
    value: Any


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice: what its items share, how much of the traffic and of the failures it holds, and what it explains.

    `explained` is how far the overall failure rate would fall if the slice failed like the rest. `p_value` and
    `adjusted` (Benjamini-Hochberg) are None where it was not tested. `same_as` are conditions that hold for just the
    same labelled items.
    """

    kind: Literal["value", "pair"]
    conditions: tuple[Condition, ...]
    same_as: tuple[Condition, ...]
    n: int
    n_fails: int
    share: float
    failure_share: float
    failure_rate: Estimate
    shrunken: Estimate
    small: bool
    rest_rate: float | None
    explained: float
    p_value: float | None
    adjusted: float | None
    found: bool
    examples: list[str]

    @property
    def where(self) -> dict[str, Any]:
        """Return the filter of its items."""
        return slice_filter(self.conditions)


@dataclass(frozen=True, slots=True)
class ModeSlice:
    """A failure mode: its share of the failures, and what would not fail without it. Not tested: it fails by name."""

    value: str
    name: str
    failure_share: Estimate
    explained: float | None
    where: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SliceReport:
    """Slices by what they explain, the most first; `n_tested` is the family that findings are corrected for."""

    question: str
    failure_rate: Estimate
    n_labelled: int
    n_fails: int
    facts: list[str]
    n_tested: int
    slices: list[Slice]
    modes: list[ModeSlice]


class _Candidate(NamedTuple):
    conditions: tuple[Condition, ...]
    places: IntArray


def find_slices(window: Window, *, question: str | None = None, pairs: bool = True) -> SliceReport:
    """Return the slices of a window's traffic that explain failure, and the failure modes.

    All figures are about the process: no finite-population factor, sessions are the units. Raises ConflictError
    `no_rubric`, InvalidError where the question is not pass/fail.
    """
    codebook = read_codebook(window.project_id)
    evidence = read_evidence(window, codebook, question=question)
    if not evidence.grades:
        message = f"The question {evidence.question!r} does not say which answers pass, so nothing fails."
        raise InvalidError(message, code="not_pass_fail", fields=(FieldError("question", message),))
    labelled = np.flatnonzero(evidence.labelled)
    items = [evidence.drawn[int(place)].item_id for place in labelled]
    sample = _sample(evidence, evidence.labelled)
    facts = read_slice_facts(items)
    candidates, aliases = _distinct(_candidates(facts, pairs=pairs))
    found = compare_slices(_membership(candidates, len(items)), sample)
    order = np.lexsort((np.arange(len(candidates)), -found.n, -np.nan_to_num(found.explained)))
    ranked = [int(place) for place in order if found.explained[place] > 0][:SHOWN]
    overall = labels_only(sample, population="process")
    return SliceReport(
        question=evidence.question,
        failure_rate=overall,
        n_labelled=len(items),
        n_fails=int(sample.y.sum()),
        facts=[fact.name for fact in facts],
        n_tested=found.n_tested,
        slices=_described(candidates, found, aliases=aliases, sample=sample, ranked=ranked, items=items),
        modes=_modes(evidence, overall),
    )


def _sample(evidence: Evidence, chosen: BoolArray) -> LabelledSample:
    sessions = evidence.sessions
    return labelled_sample(
        (evidence.outcome[chosen] == FAIL).astype(float),
        evidence.answered[chosen],
        cluster=None if sessions is None else sessions[chosen],
    )


def _candidates(facts: Sequence[SliceFact], *, pairs: bool) -> list[_Candidate]:
    """Return the values of each fact, then the pairs of values of two facts that enough labels share."""
    singles = {fact.name: _values(fact) for fact in facts}
    found = [single for each in singles.values() for single in each]
    if not pairs:
        return found
    for one, other in combinations([fact.name for fact in facts[:MOST_PAIRED]], 2):
        for a in singles[one]:
            for b in singles[other]:
                both = np.intersect1d(a.places, b.places, assume_unique=True)
                if both.size >= LEAST_LABELS:
                    found.append(_Candidate((*a.conditions, *b.conditions), both))
    return found


def _values(fact: SliceFact) -> list[_Candidate]:
    places: dict[tuple[str, Any], list[int]] = {}
    for place, value in enumerate(fact.values):
        places.setdefault((type(value).__name__, value), []).append(place)  # 1 and true are two values
    return [
        _Candidate((Condition(fact.name, value),), np.array(places[type(value).__name__, value], np.int64))
        for value in fact.different
    ]


def _distinct(candidates: list[_Candidate]) -> tuple[list[_Candidate], dict[int, list[Condition]]]:
    """Return the candidates that hold different labels, and for each its conditions' equals among single values."""
    first: dict[bytes, int] = {}
    kept: list[_Candidate] = []
    aliases: dict[int, list[Condition]] = {}
    for candidate in candidates:
        key = candidate.places.tobytes()
        if key not in first:
            first[key] = len(kept)
            kept.append(candidate)
        elif len(candidate.conditions) == 1:
            aliases.setdefault(first[key], []).extend(candidate.conditions)
    return kept, aliases


def _membership(candidates: Sequence[_Candidate], n: int) -> csr_array:
    sizes = [candidate.places.size for candidate in candidates]
    rows = np.repeat(np.arange(len(candidates)), sizes)
    columns = np.concatenate([candidate.places for candidate in candidates]) if candidates else np.zeros(0, np.int64)
    return csr_array((np.ones(columns.size), (rows, columns)), shape=(len(candidates), n))


def _described(
    candidates: Sequence[_Candidate],
    found: Slices,
    *,
    aliases: dict[int, list[Condition]],
    sample: LabelledSample,
    ranked: list[int],
    items: Sequence[int],
) -> list[Slice]:
    """Return the ranked slices with their intervals, the small ones pulled towards all others."""
    leaned_on = sorted({*ranked, *range(min(len(candidates), MOST_LEANED_ON))})
    at = {place: index for index, place in enumerate(leaned_on)}
    shrunken = shrink_segments(
        [""] * len(leaned_on), [_own(found, place) for place in leaned_on], only=[at[place] for place in ranked]
    )
    failing = {place: _newest_failing(candidates[place].places, sample, items) for place in ranked}
    wanted = [item_id for ids in failing.values() for item_id in ids]
    names = dict(Item.objects.filter(pk__in=wanted).values_list("pk", "external_id"))
    slices = []
    for place, pulled in zip(ranked, shrunken.segments, strict=True):
        candidate, tested = candidates[place], not np.isnan(found.p_value[place])
        slices.append(
            Slice(
                kind="value" if len(candidate.conditions) == 1 else "pair",
                conditions=candidate.conditions,
                same_as=tuple(aliases.get(place, ())),
                n=int(found.n[place]),
                n_fails=int(found.n_fails[place]),
                share=float(found.share[place]),
                failure_share=float(found.failure_share[place]),
                failure_rate=labels_only(_only(sample, candidate.places), population="process"),
                shrunken=pulled.shrunken,
                small=bool(found.n_effective[place] < SMALL),
                rest_rate=None if np.isnan(found.rest[place]) else float(found.rest[place]),
                explained=float(found.explained[place]),
                p_value=float(found.p_value[place]) if tested else None,
                adjusted=float(found.adjusted[place]) if tested else None,
                found=bool(found.found[place]),
                examples=[names[item_id] for item_id in failing[place]],
            )
        )
    return slices


def _own(found: Slices, place: int) -> Estimate:
    """Return a slice's rate as others lean on it."""
    if np.isnan(found.rate[place]):
        return no_estimate("no_labels", method="hajek_wilson", population="process")
    return Estimate(
        value=min(float(found.rate[place]), 1.0),
        low=None,
        high=None,
        method="hajek_wilson",
        n=int(found.n[place]),
        n_effective=float(found.n_effective[place]),
        population="process",
    )


def _only(sample: LabelledSample, places: IntArray) -> LabelledSample:
    return labelled_sample(
        sample.y[places],
        sample.probability[places],
        cluster=None if sample.unit is None else sample.unit[places],
    )


def _newest_failing(places: IntArray, sample: LabelledSample, items: Sequence[int]) -> list[int]:
    return sorted((items[place] for place in places if sample.y[place] == 1), reverse=True)[:EXAMPLES]


def _modes(evidence: Evidence, overall: Estimate) -> list[ModeSlice]:
    source = evidence.usual_source
    fails = evidence.outcome == FAIL
    found = []
    for mode in evidence.codebook.modes:
        shows = evidence.shows(mode.id, source)
        share = estimate_share(evidence, shows, source, among=fails, population="process")
        explained = None if share.value is None or overall.value is None else share.value * overall.value
        found.append(ModeSlice(mode.value, mode.name, share, explained, {FACT: {"contains": mode.value}}))
    return sorted(found, key=lambda each: (-(each.explained or 0.0), each.name))
