"""The pass rate of production: verdicts on all traffic, corrected by labels of items drawn with known probability.

Beside it what labels alone, the judge alone and the bare pile of labels would have said. Only items that the draw
selected carry evidence: golds, items chosen by hand and imports beside the draw have no probability and never enter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from annotations.estimates.judged import find_judge
from annotations.estimates.rows import CELLS, DAY, FAIL, PASS, DrawnItem, TrafficRows, read_drawn, read_traffic
from annotations.estimates.series import DayEstimate, follow_days
from annotations.quality.asked import Window, get_question
from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.stats.arrays import IntArray
from reviewapp.stats.difference import difference_of_estimates
from reviewapp.stats.estimate import Estimate, Population
from reviewapp.stats.pass_rate.judge_only import raw_judge_rate
from reviewapp.stats.pass_rate.labels_only import unweighted
from reviewapp.stats.pass_rate.post_stratified import PostStratified, post_stratified, post_stratified_segments
from reviewapp.stats.pass_rate.sample import LabelledSample, labelled_sample
from reviewapp.stats.pass_rate.traffic import RECEIVED, Traffic
from reviewapp.stats.sampling.response import Response, WorstCase, covered_share, response_cells, worst_case
from reviewapp.stats.segments import shrink_segments
from sampling.plans.filters import AllOf, parse_filter

BY_DRAW = "the verdicts of {} depend on the review draw and were not used"
MAX_SEGMENTS = 100


@dataclass(frozen=True, slots=True)
class Design:
    """How the labels came about: drawn, labelled, the response, the weight that five labels carry, what is covered."""

    n_traffic: int
    n_drawn: int
    n_labelled: int
    n_unresolved: int
    response_rate: float | None
    weight_share_top5: float | None
    covered_share: float | None
    uncovered: tuple[str, ...]
    worst_case: WorstCase | None


@dataclass(frozen=True, slots=True)
class SegmentRate:
    """The rate of one segment, and the same pulled towards the others where it rests on few labels."""

    value: str | None
    n_traffic: int
    estimate: Estimate
    shrunken: Estimate


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions live: their rates, the difference first minus second, and that in a sentence."""

    field: str
    a: str
    b: str
    rate_a: Estimate
    rate_b: Estimate
    difference: Estimate
    sentence: str


@dataclass(frozen=True, slots=True)
class PassRate:
    """Everything that is said about a pass rate."""

    question: str
    judge: str | None
    judge_version: str | None
    estimate: Estimate
    labels_only: Estimate
    judge_only: Estimate
    unweighted: Estimate
    design: Design
    segments: list[SegmentRate]
    series: list[DayEstimate]
    comparison: Comparison | None


@dataclass(frozen=True, slots=True)
class _Rates:
    """One window put through the estimator."""

    rate: PostStratified
    traffic: TrafficRows
    drawn: list[DrawnItem]
    response: Response
    cells: IntArray


def get_pass_rate(
    window: Window,
    *,
    question: str | None = None,
    judge: str | None = None,
    judge_version: str | None = None,
    population: Population = "window",
    compare: str | None = None,
) -> PassRate:
    """Return the pass rate of a window's traffic.

    Raises InvalidError where the question is not pass/fail, for a judge that is none, and for a comparison that is
    not `field:a,b`.
    """
    asked = get_question(window.project_id, question)
    if asked.get("positive") is None and asked.get("positive_from") is None:
        message = f"The question {asked['key']!r} does not say which answers pass: it has no positive answers."
        raise InvalidError(message, code="not_pass_fail", fields=(FieldError("question", message),))
    judged = find_judge(window, asked["key"], judge=judge, version=judge_version)
    version_id = judged.version.pk if judged is not None and not judged.by_draw else None
    warnings = (BY_DRAW.format(judged.version.judge.name),) if judged is not None and judged.by_draw else ()
    whole = _rates(window, asked, version_id, population)
    counts = _verdict_counts(whole.traffic)
    return PassRate(
        question=asked["key"],
        judge=judged.version.judge.name if judged else None,
        judge_version=judged.version.version if judged else None,
        estimate=replace(whole.rate.estimate, warnings=(*whole.rate.estimate.warnings, *warnings)),
        labels_only=whole.rate.labels_only,
        judge_only=raw_judge_rate(counts[PASS], counts[PASS] + counts[FAIL], population=population),
        unweighted=unweighted([each.outcome for each in whole.drawn if each.outcome is not None]),
        design=_design(whole, population),
        segments=_segments(window, asked, version_id, population) if window.segment else [],
        series=follow_days(read_traffic(window, asked, judge_version=None, segment=DAY), _by_day(whole)),
        comparison=_compare(window, asked, version_id, compare) if compare else None,
    )


def _rates(window: Window, question: dict[str, object], version_id: int | None, population: Population) -> _Rates:
    rows = read_traffic(window, question, judge_version=version_id, segment=None)
    drawn = read_drawn(window, question, judge_version=version_id, segment=None)
    traffic = _traffic(rows, [(None, verdict) for verdict in range(len(CELLS))])
    response, cells = _response(drawn)
    sample = _sample(rows, drawn, response, cells, [each.verdict for each in drawn])
    return _Rates(post_stratified(traffic, sample, population=population), rows, drawn, response, cells)


def _traffic(rows: TrafficRows, places: Sequence[tuple[str | None, int]]) -> Traffic:
    """Return the traffic of the cells, part and verdict, in their order; those without items are there too."""
    found = {(cell.part, cell.verdict): cell for cell in rows.cells}
    cells = [found.get(place) for place in places]
    known = rows.n_unknown_upstream == 0
    n = np.asarray([cell.n if cell else 0 for cell in cells], dtype=np.int64)
    return Traffic(
        names=tuple(CELLS[verdict] if part is None else f"{part}, {CELLS[verdict]}" for part, verdict in places),
        n=n,
        weight=np.asarray([cell.weight if cell else 0.0 for cell in cells]) if known else n.astype(float),
        square=np.asarray([cell.square if cell else 0.0 for cell in cells]) if known else n.astype(float),
        n_units=min(rows.n_units, int(n.sum())),
        warnings=() if known else (RECEIVED.format(rows.n_unknown_upstream),),
    )


def _response(drawn: Sequence[DrawnItem]) -> tuple[Response, IntArray]:
    """Return the response by verdict and hour of arrival, and the cell of each drawn item."""
    places = sorted({(each.verdict, each.hour) for each in drawn})
    number = {place: index for index, place in enumerate(places)}
    cells = np.asarray([number[each.verdict, each.hour] for each in drawn], dtype=np.int64)
    done = np.asarray([each.outcome is not None for each in drawn], dtype=bool)
    response = response_cells(
        [f"{CELLS[verdict]} of {hour:%Y-%m-%d %H}:00" for verdict, hour in places],
        np.bincount(cells, minlength=len(places)),
        np.bincount(cells[done], minlength=len(places)),
        stratum=[verdict for verdict, _ in places],
    )
    return response, cells


def _sample(
    rows: TrafficRows, drawn: Sequence[DrawnItem], response: Response, cells: IntArray, codes: Sequence[int]
) -> LabelledSample:
    """Return the resolved items with upstream × plan × response as their probability."""
    done = np.asarray([each.outcome is not None for each in drawn], dtype=bool)
    known = rows.n_unknown_upstream == 0
    chance = np.asarray([each.probability * ((each.upstream or 1.0) if known else 1.0) for each in drawn])
    sessions = [each.session or f"\0{each.item_id}" for each in drawn] if rows.has_sessions else None
    return labelled_sample(
        [each.outcome for each in drawn if each.outcome is not None],
        (chance * response.rates(cells))[done] if done.any() else [],
        judge=np.asarray(codes, dtype=float)[done],
        cluster=None if sessions is None else np.asarray(sessions, dtype=object)[done].astype(str),
    )


def _verdict_counts(rows: TrafficRows) -> list[int]:
    return [sum(cell.n for cell in rows.cells if cell.verdict == verdict) for verdict in range(len(CELLS))]


def _design(whole: _Rates, population: Population) -> Design:
    drawn, response = whole.drawn, whole.response
    done = np.asarray([each.outcome is not None for each in drawn], dtype=bool)
    unresolved = sum(each.n_labels > 0 and each.outcome is None for each in drawn)
    worst = None
    if drawn and (response.needs_worst_case or unresolved):
        codes = [each.verdict for each in drawn]
        traffic = _traffic(whole.traffic, [(None, verdict) for verdict in range(len(CELLS))])
        chance = [each.probability * (each.upstream or 1.0) for each in drawn]
        worst = worst_case(
            [each.outcome or 0 for each in drawn],
            done,
            lambda y: post_stratified(traffic, labelled_sample(y, chance, judge=codes), population=population).estimate,
        )
    return Design(
        n_traffic=whole.traffic.n,
        n_drawn=len(drawn),
        n_labelled=int(done.sum()),
        n_unresolved=unresolved,
        response_rate=response.rate,
        weight_share_top5=whole.rate.top_weight_share,
        covered_share=covered_share([each.probability for each in drawn], whole.cells, response) if drawn else None,
        uncovered=response.uncovered,
        worst_case=worst,
    )


def _segments(
    window: Window, question: dict[str, object], version_id: int | None, population: Population
) -> list[SegmentRate]:
    """Return the rates of the segments with most traffic, each from its own verdict cells."""
    rows = read_traffic(window, question, judge_version=version_id, segment=window.segment)
    drawn = read_drawn(window, question, judge_version=version_id, segment=window.segment)
    sizes: dict[str | None, int] = {}
    for cell in rows.cells:
        sizes[cell.part] = sizes.get(cell.part, 0) + cell.n
    parts = sorted(sizes, key=lambda part: (-sizes[part], part or ""))[:MAX_SEGMENTS]
    kept = set(parts)
    rows = replace(rows, cells=[cell for cell in rows.cells if cell.part in kept])
    drawn = [each for each in drawn if each.part in kept]
    places = [(part, verdict) for part in parts for verdict in range(len(CELLS))]
    number = {place: index for index, place in enumerate(places)}
    response, cells = _response(drawn)
    sample = _sample(rows, drawn, response, cells, [number[each.part, each.verdict] for each in drawn])
    own = post_stratified_segments(
        _traffic(rows, places), sample, np.repeat(np.arange(len(parts)), len(CELLS)), population=population
    )
    shrunken = shrink_segments([part or "" for part in parts], own)
    return [
        SegmentRate(part, sizes[part], estimate, pulled.shrunken)
        for part, estimate, pulled in zip(parts, own, shrunken.segments, strict=True)
    ]


def _by_day(whole: _Rates) -> list[tuple[str, float, int]]:
    """Return day, probability of a label, and outcome of each resolved item."""
    rates = whole.response.rates(whole.cells) if whole.drawn else np.zeros(0)
    return [
        (f"{each.hour:%Y-%m-%d}", each.probability * float(rate), each.outcome)
        for each, rate in zip(whole.drawn, rates, strict=True)
        if each.outcome is not None
    ]


def _compare(window: Window, question: dict[str, object], version_id: int | None, compare: str) -> Comparison:
    """Return the difference of two parts of the traffic, about the process that produces them."""
    field, _, names = compare.partition(":")
    a, comma, b = names.partition(",")
    if not (field and a and b and comma):
        message = "Write compare as field:a,b, such as system_version:1.4,2.0."
        raise InvalidError(message, fields=(FieldError("compare", message),))
    rates = [
        _rates(
            replace(window, where=AllOf((window.where, parse_filter({field: {"eq": name}})))),
            question,
            version_id,
            "process",
        ).rate.estimate
        for name in (a, b)
    ]
    difference = difference_of_estimates(rates[0], rates[1])
    return Comparison(field, a, b, rates[0], rates[1], difference, _sentence(a, b, difference))


def _sentence(a: str, b: str, difference: Estimate) -> str:
    if difference.value is None or difference.low is None or difference.high is None:
        return f"There is not enough evidence to compare {a} with {b}."
    between = f"between {difference.low * 100:+.1f} and {difference.high * 100:+.1f} points"
    if difference.low > 0:
        return f"{a} passes more often than {b}: by {difference.value * 100:.1f} points, {between} at 95 %."
    if difference.high < 0:
        return f"{a} passes less often than {b}: by {-difference.value * 100:.1f} points, {between} at 95 %."
    return f"The labels do not tell {a} and {b} apart: the difference is {between} at 95 %."
