"""Two versions of judges item by item: on what both judged and people settled, who is right where they differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from annotations.estimates.grading import CELLS, PASS, UNPARSED
from annotations.judges.pairs import Pair, read_pairs
from annotations.models import JudgeVersion
from annotations.quality.asked import Window, get_question
from reviewapp.accounts.models import Project
from reviewapp.stats.signoff.paired import PairedCounts, mcnemar

LEVEL = 0.05
MOST = 100


class Differing(NamedTuple):
    """An item on which the two say different things."""

    external_id: str
    outcome: str
    first: str
    second: str
    right: str


@dataclass(frozen=True, slots=True)
class VersionsCompared:
    """Both right, either, none; the items that differ, and what may be said of it."""

    n: int
    both: int
    first_only: int
    second_only: int
    neither: int
    p_value: float | None
    sentence: str
    differing: list[Differing]


def compare_versions(
    project: Project, first: JudgeVersion, second: JudgeVersion, *, question: str | None, split: str | None
) -> VersionsCompared:
    """Compare on the items that both judged and people settled; McNemar's mid-P over those that one has right."""
    asked = get_question(project.pk, question)
    window = Window(project.pk)
    one, two = (
        {pair.item_id: pair for pair in read_pairs(window, asked, each, salt=project.sampling_salt, split=split)}
        for each in (first, second)
    )
    shared = [(one[key], two[key]) for key in sorted(one.keys() & two.keys()) if one[key].outcome is not None]
    right = [(_is_right(a), _is_right(b)) for a, b in shared]
    counts = PairedCounts(*(right.count(each) for each in ((True, True), (True, False), (False, True), (False, False))))
    p_value = mcnemar(counts).mid_p if shared else None
    return VersionsCompared(
        len(shared),
        *counts,
        p_value,
        _sentence(counts, p_value, f"{first.judge.name} {first.version}", f"{second.judge.name} {second.version}"),
        _differing(shared),
    )


def _is_right(pair: Pair) -> bool:
    return pair.verdict != UNPARSED and (pair.verdict == PASS) == bool(pair.outcome)


def _differing(shared: Sequence[tuple[Pair, Pair]]) -> list[Differing]:
    found = []
    for a, b in shared:
        if a.verdict != b.verdict:
            right = "first" if _is_right(a) else "second" if _is_right(b) else "neither"
            outcome = "pass" if a.outcome else "fail"
            found.append(Differing(a.external_id, outcome, CELLS[a.verdict], CELLS[b.verdict], right))
    return found[:MOST]


def _sentence(counts: PairedCounts, p_value: float | None, first: str, second: str) -> str:
    b, c = counts.first_only, counts.second_only
    if p_value is None:
        return "No item was judged by both and settled by people."
    said = f"Of {counts.n} items, {first} alone is right on {b} and {second} alone on {c}"
    if p_value < LEVEL:
        return f"{said}: {first if b > c else second} is the better one (mid-P {p_value:.3f})."
    return f"{said}: that is not enough to tell which is better (mid-P {p_value:.2f})."
