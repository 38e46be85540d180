"""What pairs of decisions come to: agreement, its sequence, the matrix and its cost, segments, days, confidence."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from statistics import median
from typing import NamedTuple

import numpy as np
from scipy.stats import beta, fisher_exact

from annotations.shadow.pairs import Pair, Pairs
from annotations.shadow.rules import Rule
from reviewapp.stats.estimate import Estimate, no_estimate
from reviewapp.stats.multiple_testing import benjamini_hochberg
from reviewapp.stats.pass_rate.labels_only import labels_only
from reviewapp.stats.pass_rate.sample import labelled_sample
from reviewapp.stats.pass_rate.traffic import RECEIVED
from reviewapp.stats.sequential.beta_binomial import confidence_sequence, log_e_value_above
from reviewapp.stats.sequential.sessions import SessionCounts, count_sessions
from reviewapp.stats.signoff.human_ceiling import MISSING, HumanCeiling, human_ceiling
from reviewapp.stats.signoff.states import SequentialView, sequential_view

ALPHA = 0.05
MOST_NAMES = 200
OTHER = "(other)"
UNKNOWN_COVERAGE = "nobody knows how the manual process chose what it decided: this speaks of decided items"
STEPS = (1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)


class Matrix(NamedTuple):
    """Counts of decisions, rows people's and columns the AI's, both in the order of `labels`; costs alike."""

    labels: list[str]
    counts: list[list[int]]
    costs: list[list[float]]


class Cost(NamedTuple):
    """Expected cost of 1,000 items: of the AI, and of the manual process where two people decided the same items."""

    per_1000: float | None
    human_per_1000: float | None
    n_human_pairs: int
    undefined: str | None


class SegmentAgreement(NamedTuple):
    """One segment: its agreement, and whether it is worse than the rest once all segments are allowed for."""

    value: str | None
    n: int
    agreement: Estimate
    sequence: SequentialView
    p_value: float | None
    worse: bool


class Day(NamedTuple):
    """A day (UTC): its pairs and agreements, and the sequence up to its end."""

    day: str
    n: int
    n_same: int
    so_far: Estimate


class RiskPoint(NamedTuple):
    """If the AI decided alone from this confidence on: which share, at which error, and at most which."""

    share: float
    confidence: float
    n: int
    error: float
    at_most: float


class Evidence(NamedTuple):
    """The agreement against its bar, valid however often one looks; without equal chances there is none."""

    view: SequentialView
    n: int
    undefined: str | None


@dataclass(frozen=True, slots=True)
class Effort:
    """Medians of what the AI and people take; None where nobody said."""

    ai_latency_ms: float | None
    ai_cost_usd: float | None
    human_ms: float | None


def caveats_of(pairs: Pairs | None) -> tuple[str, ...]:
    """Return what a reader of any rate of these pairs must know."""
    if pairs is None:
        return ()
    found = [UNKNOWN_COVERAGE] if pairs.source.coverage == "unknown" else []
    return (*found, *([RECEIVED.format(pairs.n_unknown_upstream)] if pairs.n_unknown_upstream else []))


def agreement_of(rows: Sequence[Pair], rule: Rule, *, caveats: tuple[str, ...]) -> Estimate:
    """Return the rate at which the AI decides as people do, weighted, about the process, clustered by session."""
    if not rows:
        return no_estimate("no_pairs", method="hajek_wilson", population="process")
    sample = labelled_sample(
        [float(is_same(rule, row)) for row in rows],
        [np.nan if row.probability is None else row.probability for row in rows],
        cluster=[row.session or f"item {row.item_id}" for row in rows],
    )
    found = labels_only(sample, population="process")
    return replace(found, warnings=(*found.warnings, *caveats))


def is_same(rule: Rule, row: Pair) -> bool:
    """Tell whether the AI decided as people did."""
    return row.human is not None and rule.same(row.human, row.ai)


def sequence_of(rows: Sequence[Pair], rule: Rule, *, segment_failing: bool = False) -> Evidence:
    """Return the state of the evidence from the pairs that were chosen with equal chances.

    It counts as certified for good once the e-value reached 1/α with enough pairs (the evidence is valid at every
    look, so that one look suffices). A session is one observation, worth the mean of its pairs. What people differ on
    is difficult: until it is settled, it speaks against the AI where the AI is to be certified, and for it where it is
    to fail.
    """
    decided = [row for row in rows if row.human is not None]
    settled = _uniform_counts(decided, rule)
    counts = _uniform_counts(rows, rule) if settled else []
    n, reached = len(settled), False
    enough = n >= rule.spec.min_pairs
    if enough:
        same, other = np.array(counts).T
        logs = log_e_value_above(same, other, rule.spec.bar)
        reached = bool((logs[rule.spec.min_pairs - 1 :] >= np.log(1 / ALPHA)).any())
    least = 0 if enough else rule.spec.min_pairs
    view = sequential_view(
        *(counts[-1] if counts else (0, 0)),
        bar=rule.spec.bar,
        min_labels=least,
        segment_failing=segment_failing,
        certified_before=reached and not segment_failing,
    )
    if len(counts) > n:
        best = _uniform_counts(rows, rule, open_ones_agree=True)[-1]
        view = _with_upper_end(view, sequential_view(*best, bar=rule.spec.bar, min_labels=least), of=settled[-1])
    why = "unequal_probabilities" if decided and not n else "no_pairs" if not n else None
    return Evidence(view, n, why)


def _with_upper_end(view: SequentialView, best: SequentialView, *, of: SessionCounts) -> SequentialView:
    """Return a view with the other end of the evidence, and the rate of what is settled."""
    state = "open" if view.state == "failing" and best.state != "failing" else view.state
    sequence = replace(view.sequence, value=of.passes / (of.passes + of.failures), high=best.sequence.high)
    return replace(view, state=state, e_value_below=best.e_value_below, sequence=sequence)


def _uniform_counts(rows: Sequence[Pair], rule: Rule, *, open_ones_agree: bool = False) -> list[SessionCounts]:
    """Return what the pairs with equal chances count, after each of them."""
    same = [(row.human is None and open_ones_agree) or is_same(rule, row) for row in rows]
    return count_sessions(
        [(row.session or row.item_id, each) for row, each in zip(rows, same, strict=True) if row.in_uniform]
    )


def matrix_of(rows: Sequence[Pair], rule: Rule) -> Matrix:
    """Return the matrix of decisions; beyond two hundred names the rarest are counted as one, alike or not."""
    counts = Counter((row.human or "", row.ai) for row in rows)
    names: Counter[str] = Counter()
    for (human, ai), n in counts.items():
        names[human] += n
        names[ai] += n
    kept = sorted(names)
    if len(kept) > MOST_NAMES:
        kept = [*sorted(name for name, _ in names.most_common(MOST_NAMES - 1)), OTHER]
    place = {name: index for index, name in enumerate(kept)}
    table = np.zeros((len(kept), len(kept)), dtype=int)
    last = len(kept) - 1
    for (human, ai), n in counts.items():
        table[place.get(human, last), place.get(ai, last)] += n
    costs = [[rule.cost(human, ai) for ai in kept] for human in kept]
    return Matrix(kept, table.tolist(), costs)


def cost_of(rows: Sequence[Pair], rule: Rule) -> Cost:
    """Return the expected costs. People's own is that of one person's decision where another's is taken as right."""
    weights = [1 / row.probability for row in rows if row.probability]
    if not weights:
        return Cost(None, None, 0, "no_pairs" if not rows else "unknown_inclusion_probability")
    ai = sum(rule.cost(row.human or "", row.ai) / row.probability for row in rows if row.probability)
    twice = [row for row in rows if len(row.everybody) > 1 and row.probability]
    human = None
    if twice:
        each = [
            np.mean(
                [rule.cost(a, b) for i, a in enumerate(row.everybody) for j, b in enumerate(row.everybody) if i != j]
            )
            / (row.probability or 1)
            for row in twice
        ]
        human = float(sum(each) / sum(1 / (row.probability or 1) for row in twice) * 1000)
    return Cost(ai / sum(weights) * 1000, human, len(twice), None)


def segments_of(rows: Sequence[Pair], rule: Rule, *, caveats: tuple[str, ...]) -> list[SegmentAgreement]:
    """Return each segment's agreement; those worse than the rest by Fisher's test at a false-discovery rate of 5 %."""
    groups: dict[str | None, list[Pair]] = {}
    for row in rows:
        groups.setdefault(row.segment, []).append(row)
    if len(groups) < 2 and None in groups:
        return []
    total, wrong = len(rows), sum(not is_same(rule, row) for row in rows)
    p_values = []
    for group in groups.values():
        n, bad = len(group), sum(not is_same(rule, row) for row in group)
        table = [[bad, n - bad], [wrong - bad, total - n - (wrong - bad)]]
        p_values.append(float(fisher_exact(table, alternative="greater").pvalue) if total > n else 1.0)
    worse = benjamini_hochberg(p_values).rejected if len(groups) > 1 else [False] * len(groups)
    found = [
        SegmentAgreement(
            value,
            len(group),
            agreement_of(group, rule, caveats=caveats),
            sequence_of(group, rule).view,
            p if len(groups) > 1 else None,
            bool(is_worse),
        )
        for (value, group), p, is_worse in zip(groups.items(), p_values, worse, strict=True)
    ]
    return sorted(found, key=lambda each: (-each.n, each.value or ""))


def series_of(rows: Sequence[Pair], rule: Rule) -> list[Day]:
    """Return the days in order, each with the confidence sequence of all equally likely pairs up to its end."""
    days, n = [], 0
    ordered = sorted(rows, key=lambda row: row.at)
    counts = [SessionCounts(0, 0), *_uniform_counts(ordered, rule)]
    for day, group in groupby(ordered, key=lambda row: row.at.date().isoformat()):
        of_day = list(group)
        n += sum(row.in_uniform for row in of_day)
        agreed = sum(is_same(rule, row) for row in of_day)
        days.append(Day(day, len(of_day), agreed, confidence_sequence(*counts[n], ALPHA)))
    return days


def risk_of(rows: Sequence[Pair], rule: Rule) -> list[RiskPoint]:
    """Return what could be decided by the AI alone, from its most confident answers on.

    `at_most` is Clopper and Pearson's upper limit, holding for all points at once (Bonferroni over their number). It
    treats the pairs as equally likely, and there is none without confidences.
    """
    sure = sorted((row for row in rows if row.confidence is not None), key=lambda row: -(row.confidence or 0))
    if len(sure) < len(STEPS):
        return []
    places = sorted({max(1, round(step * len(sure))) for step in STEPS})
    # Equal confidences stay together: a threshold cannot tell them apart.
    ends = sorted({_end_of_ties(sure, place) for place in places})
    level = ALPHA / len(ends)
    found = []
    for n in ends:
        errors = sum(not is_same(rule, row) for row in sure[:n])
        at_most = 1.0 if errors == n else float(beta.isf(level, errors + 1, n - errors))
        found.append(RiskPoint(n / len(sure), float(sure[n - 1].confidence or 0), n, errors / n, at_most))
    return found


def _end_of_ties(sure: Sequence[Pair], place: int) -> int:
    while place < len(sure) and sure[place].confidence == sure[place - 1].confidence:
        place += 1
    return place


def effort_of(rows: Sequence[Pair]) -> Effort:
    """Return the medians of the AI's latency and cost and of people's time."""
    return Effort(
        _median(rows, lambda row: row.latency_ms),
        _median(rows, lambda row: row.cost_usd),
        _median(rows, lambda row: row.duration_ms),
    )


def _median(rows: Sequence[Pair], of: Callable[[Pair], float | None]) -> float | None:
    known = [value for row in rows if (value := of(row)) is not None]
    return float(median(known)) if known else None


def ceiling_of(pairs: Pairs, rule: Rule) -> HumanCeiling:
    """Return how well people agree with each other, and the AI with them, on items that two or more people decided."""
    rows = [row for row in pairs.rows if len(row.everybody) > 1]
    names = sorted({name for row in rows for name in (*row.everybody, row.ai)})
    people = sorted({person for row in rows for person in row.deciders})
    code = {name: index for index, name in enumerate(names)}
    column = {person: index for index, person in enumerate(people)}
    humans = np.full((len(rows), len(people)), MISSING, dtype=int)
    for index, row in enumerate(rows):
        for person, said in zip(row.deciders, row.everybody, strict=True):
            humans[index, column[person]] = code[said]
    return human_ceiling(humans, np.array([code[row.ai] for row in rows], dtype=int), rule.spec.margin)
