"""People's answers crossed with a judge's verdicts: counts, the weighted table, and one part of the items described."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from annotations.estimates.grading import FAIL, PASS, UNPARSED
from annotations.judges.pairs import Pair, usable
from reviewapp.stats.contingency import WeightedTable, weighted_table
from reviewapp.stats.judge_description import JudgeDescription, describe_judge


@dataclass(frozen=True, slots=True)
class Confusion:
    """Items by the people's answer and the verdict; people's pass is the positive class."""

    tp: int
    fn: int
    fp: int
    tn: int
    unparsed: int


@dataclass(frozen=True, slots=True)
class PartCalibration:
    """The judge on a part of the items: a segment, a week, those answered under one version of the rubric."""

    value: str | None
    n: int
    confusion: Confusion
    description: JudgeDescription


def count_confusion(pairs: Sequence[Pair]) -> Confusion:
    """Count the pairs that have an answer of record."""
    known = [pair for pair in pairs if pair.outcome is not None]

    def count(outcome: int, verdict: int) -> int:
        return sum(pair.outcome == outcome and pair.verdict == verdict for pair in known)

    return Confusion(
        tp=count(1, PASS),
        fn=count(1, FAIL),
        fp=count(0, PASS),
        tn=count(0, FAIL),
        unparsed=sum(pair.verdict == UNPARSED for pair in known),
    )


def cross(pairs: Sequence[Pair], *, weighted: bool) -> WeightedTable:
    """Cross usable pairs; `weighted`: each counts 1/π, and all of them have a π."""
    return weighted_table(
        [pair.outcome or 0 for pair in pairs],
        [int(pair.verdict == PASS) for pair in pairs],
        2,
        probability=[pair.probability or 1.0 for pair in pairs] if weighted else None,
    )


def describe_parts(
    pairs: Sequence[Pair], part: Callable[[Pair], str | None], *, weighted: bool, by_size: bool = True
) -> list[PartCalibration]:
    """Describe the judge on each part, the largest first, or in the order of their names."""
    parts: dict[str | None, list[Pair]] = {}
    for pair in pairs:
        parts.setdefault(part(pair), []).append(pair)
    found = []
    for value, inside in sorted(parts.items(), key=lambda each: (-len(each[1]) if by_size else 0, each[0] or "")):
        table = cross(usable(inside), weighted=weighted)
        found.append(PartCalibration(value, table.n, count_confusion(inside), describe_judge(table)))
    return found
