"""The pass rate of production: verdicts on all traffic, corrected by labels of items drawn with known probability.

Beside it what labels alone, the judge alone and the bare pile of labels would have said. Only items that the draw
selected carry evidence: golds, items chosen by hand and imports beside the draw have no probability and never enter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from annotations.estimates.compare import Comparison, compare_parts, largest_pair, read_compare
from annotations.estimates.grading import FAIL, PASS, Figure, grading_of
from annotations.estimates.judged import depends_on_draw, find_flag, find_judge, without_verdicts
from annotations.estimates.means import Share, judge_mean, mean_of, plain_mean, scale_of, shares_of
from annotations.estimates.rows import read_drawn, read_traffic
from annotations.estimates.series import DayEstimate, Period, follow, follow_last
from annotations.estimates.weigh import Weighed, weigh
from annotations.models import JudgeVersion
from annotations.quality.asked import Window, get_question
from reviewapp.stats.estimate import Estimate, Population, no_estimate
from reviewapp.stats.pass_rate.judge_only import raw_judge_rate
from reviewapp.stats.pass_rate.labels_only import unweighted
from reviewapp.stats.pass_rate.more_labels import more_labels
from reviewapp.stats.sampling.response import WorstCase
from reviewapp.stats.segments import shrink_segments

FLAGGED = "the judge {} {} is flagged since {:%Y-%m-%d}: its errors left their band, so labels alone are used"
BY_DRAW = "the verdicts of {} depend on the review draw and were not used"
MAX_SEGMENTS = 100
PRECISION = 0.02  # "how many more labels until ±2 points?"


@dataclass(frozen=True, slots=True)
class Design:
    """How the labels came about: drawn, labelled, the response, the weight that five labels carry, what is covered.

    `more_labels` is how many more until the interval is `precision` to either side.
    """

    n_traffic: int
    n_drawn: int
    n_labelled: int
    n_unresolved: int
    response_rate: float | None
    weight_share_top5: float | None
    covered_share: float | None
    uncovered: tuple[str, ...]
    worst_case: WorstCase | None
    precision: float
    more_labels: int | None


@dataclass(frozen=True, slots=True)
class SegmentRate:
    """The rate of one segment, the same pulled towards the others, and the rate with a band for daily looks."""

    value: str | None
    n_traffic: int
    estimate: Estimate
    shrunken: Estimate
    so_far: Estimate


@dataclass(frozen=True, slots=True)
class PassRate:
    """Everything that is said about a pass rate; of a rating's mean, or of the shares of options."""

    question: str
    figure: Figure
    scale: tuple[float, float]
    judge: str | None
    judge_version: str | None
    estimate: Estimate
    labels_only: Estimate
    judge_only: Estimate
    unweighted: Estimate
    design: Design
    shares: list[Share]
    segments: list[SegmentRate]
    series: list[DayEstimate]
    comparison: Comparison | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A window's traffic and labels with their weights, and the judge whose verdicts they use."""

    weighed: Weighed
    judge: JudgeVersion | None
    warnings: tuple[str, ...]


def get_pass_rate(
    window: Window,
    *,
    question: str | None = None,
    judge: str | None = None,
    judge_version: str | None = None,
    population: Population = "window",
    compare: str | None = None,
    compare_largest: bool = False,
    by: Period = "day",
) -> PassRate:
    """Return the pass rate of a window's traffic, or what its question has instead of one.

    With `compare_largest` and nothing else to compare, the two segments with most labels are. Raises InvalidError for
    a question without figures, a judge that is none, and a comparison that is not `field:a,b`.
    """
    pair = read_compare(compare) if compare else None
    named = (judge, judge_version)
    sessions = population == "process" or pair is not None or compare_largest
    evidence = gather(window, question=question, judge=named, sessions=sessions)
    whole = evidence.weighed
    if pair is None and compare_largest and window.segment and whole.grading.figure != "shares":
        pair = largest_pair(whole, window.segment)
    grading = whole.grading
    comparison = None
    if pair is not None:
        apart = (
            evidence
            if pair.field == window.segment
            else gather(replace(window, segment=pair.field), question=question, judge=named, sessions=True)
        )
        comparison = compare_parts(apart.weighed, pair)
    shown = _figures(whole, population)
    graded = grading.figure == "pass_rate"
    return PassRate(
        question=grading.question["key"],
        figure=grading.figure,
        scale=scale_of(whole) if grading.figure == "mean" else (0.0, 1.0),
        judge=evidence.judge.judge.name if evidence.judge else None,
        judge_version=evidence.judge.version if evidence.judge else None,
        estimate=replace(shown.estimate, warnings=(*shown.estimate.warnings, *evidence.warnings)),
        labels_only=shown.labels_only,
        judge_only=shown.judge_only,
        unweighted=shown.unweighted,
        design=_design(whole, shown, population),
        shares=shares_of(whole, population) if grading.figure == "shares" else [],
        segments=_segments(whole, population) if window.segment and grading.figure != "shares" else [],
        series=follow(whole, by=by, population=population) if graded else [],
        comparison=comparison,
    )


def gather(
    window: Window, *, question: str | None, judge: tuple[str | None, str | None], sessions: bool = False
) -> Evidence:
    """Read a window's traffic and labels, split by its segment, and weigh them.

    `judge` names a judge and its version. Raises InvalidError for a question without figures, and for a judge that is
    none.
    """
    asked = get_question(window.project_id, question)
    grading = grading_of(asked)
    found = find_judge(window, asked["key"], judge=judge[0], version=judge[1])
    version = found.pk if found is not None else None
    rows = read_traffic(
        window, asked, judge_version=version, segment=window.segment, grading=grading, sessions=sessions
    )
    drawn = read_drawn(window, asked, judge_version=version, segment=window.segment, grading=grading)
    warnings: tuple[str, ...] = ()
    flag = find_flag(found, asked["key"]) if found is not None else None
    if found is not None and flag is not None:
        rows, drawn = without_verdicts(rows, drawn, grading)
        warnings = (FLAGGED.format(found.judge.name, found.version, flag.raised_at),)
        found = None
    elif found is not None and depends_on_draw(rows, drawn, grading):
        rows, drawn = without_verdicts(rows, drawn, grading)
        warnings = (BY_DRAW.format(found.judge.name),)
    elif found is not None and judge[0] is None and all(each.verdict == grading.unscored for each in rows.hours):
        found = None
    return Evidence(weigh(rows, drawn, grading), found, warnings)


@dataclass(frozen=True, slots=True)
class _Figures:
    """The estimate and what others would have said."""

    estimate: Estimate
    labels_only: Estimate
    judge_only: Estimate
    unweighted: Estimate
    top_weight_share: float | None


def _figures(whole: Weighed, population: Population) -> _Figures:
    if whole.grading.figure == "mean":
        return _Figures(
            mean_of(whole, population),
            mean_of(whole, population, judged=False),
            judge_mean(whole, population),
            plain_mean(whole),
            None,
        )
    if whole.grading.figure == "shares":
        nothing = no_estimate("not_pass_fail", method="shares", n=int(whole.done.sum()), population=population)
        return _Figures(nothing, nothing, nothing, nothing, None)
    rate = whole.rate(population)
    return _Figures(
        rate.estimate,
        rate.labels_only,
        _judge_only(whole, population),
        unweighted(whole.outcomes()),
        rate.top_weight_share,
    )


def _judge_only(whole: Weighed, population: Population) -> Estimate:
    """Return what the judge passes of all that it passes or fails, covered or not; weighted behind a sampler."""
    everything = whole.traffic(whole.places(), parts=False, everything=True)
    chosen = [PASS, FAIL]
    n, weight, square = (float(each[chosen].sum()) for each in (everything.n, everything.weight, everything.square))
    if not n:
        return raw_judge_rate(0, 0, population=population)
    worth = weight**2 / square
    return raw_judge_rate(everything.weight[PASS] / weight * worth, worth, n=int(n), population=population)


def _design(whole: Weighed, shown: _Figures, population: Population) -> Design:
    precision = PRECISION * (scale_of(whole)[1] - scale_of(whole)[0]) if whole.grading.figure == "mean" else PRECISION
    return Design(
        n_traffic=whole.rows.n_received,
        n_drawn=len(whole.drawn),
        n_labelled=int(whole.done.sum()),
        n_unresolved=sum(each.is_unresolved for each in whole.drawn),
        response_rate=whole.response.rate,
        weight_share_top5=shown.top_weight_share,
        covered_share=whole.covered_share if len(whole.drawn) else None,
        uncovered=whole.uncovered,
        worst_case=whole.worst_case(population) if whole.grading.figure == "pass_rate" else None,
        precision=precision,
        more_labels=more_labels(shown.estimate, precision),
    )


def _segments(whole: Weighed, population: Population) -> list[SegmentRate]:
    """Return the figures of the segments with most traffic, each from its own verdict cells."""
    sizes: dict[str | None, int] = {}
    for each in whole.rows.hours:
        sizes[each.part] = sizes.get(each.part, 0) + each.n
    parts = sorted(sizes, key=lambda part: (-sizes[part], part or ""))[:MAX_SEGMENTS]
    apart = whole.split()
    if whole.grading.figure == "mean":
        own: Sequence[Estimate] = [mean_of(apart[part], population) for part in parts]
        return [SegmentRate(part, sizes[part], each, each, _no_band()) for part, each in zip(parts, own, strict=True)]
    own = whole.part_rates(parts, population)
    shrunken = shrink_segments([part or "" for part in parts], own)
    return [
        SegmentRate(part, sizes[part], estimate, pulled.shrunken, follow_last(apart[part]))
        for part, estimate, pulled in zip(parts, own, shrunken.segments, strict=True)
    ]


def _no_band() -> Estimate:
    return no_estimate("not_pass_fail", method="asymptotic_confidence_sequence", population="process")
