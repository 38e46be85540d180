"""The calibration of a judge version: how its verdicts compare with the answers of record, and what corrects them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import transaction

from annotations.estimates.grading import FAIL, PASS, UNPARSED
from annotations.estimates.pass_rate import get_pass_rate
from annotations.judges.pairs import Pair, get_judge_version, read_pairs
from annotations.quality.asked import Window, get_question
from reviewapp.accounts.access import Access
from reviewapp.audit.models import AuditEvent
from reviewapp.audit.record import record
from reviewapp.stats.calibration.reliability import ReliabilityBin, reliability_diagram
from reviewapp.stats.calibration.scores import brier_score
from reviewapp.stats.contingency import WeightedTable, weighted_table
from reviewapp.stats.estimate import Estimate
from reviewapp.stats.judge_description import JudgeDescription, describe_judge, label_worth
from reviewapp.stats.pass_rate.prediction_powered import binary_traffic, difference
from reviewapp.stats.pass_rate.rogan_gladen import lang_reiczigel
from reviewapp.stats.pass_rate.sample import labelled_sample

TEST = "test"
LOOKED = "judge.test_looked"
UNWEIGHTED = "not every labelled item was drawn by chance: each counts the same, which describes these items alone"


@dataclass(frozen=True, slots=True)
class Confusion:
    """Items by the people's answer and the verdict; people's pass is the positive class."""

    tp: int
    fn: int
    fp: int
    tn: int
    unparsed: int


@dataclass(frozen=True, slots=True)
class Corrected:
    """The pass rate with the judge's errors taken out, three ways."""

    post_stratified: Estimate
    rogan_gladen: Estimate
    ppi: Estimate


@dataclass(frozen=True, slots=True)
class SegmentCalibration:
    """The judge in one segment."""

    value: str | None
    n: int
    confusion: Confusion
    description: JudgeDescription


@dataclass(frozen=True, slots=True)
class Calibration:
    """A judge version beside people. `weighted`: items count 1/π; `looks`: how often the test split was looked at."""

    question: str
    n: int
    weighted: bool
    confusion: Confusion
    description: JudgeDescription
    brier: Estimate | None
    reliability: list[ReliabilityBin]
    corrected: Corrected
    segments: list[SegmentCalibration]
    looks: int
    label_worth: float | None
    sentence: str
    warnings: tuple[str, ...]


def get_calibration(
    access: Access,
    window: Window,
    *,
    judge: str,
    version: str,
    question: str | None,
    split: str | None,
    now: datetime,
) -> Calibration:
    """Return the calibration on all items with a usable verdict and a resolution, or on those of one split.

    A look at the test split is counted, by an audit row. Raises NotFoundError for a version that is none.
    """
    project = access.project
    found = get_judge_version(project, judge=judge, version=version)
    asked = get_question(project.pk, question)
    pairs = read_pairs(window, asked, found, salt=project.sampling_salt, split=split)
    if split == TEST:
        with transaction.atomic():
            record(
                LOOKED,
                now=now,
                actor=access.actor,
                project_id=project.pk,
                object_kind="judge_version",
                object_id=found.pk,
            )
    looks = AuditEvent.objects.filter(
        project_id=project.pk, action=LOOKED, object_kind="judge_version", object_id=str(found.pk)
    ).count()
    usable = [pair for pair in pairs if pair.outcome is not None and pair.verdict != UNPARSED]
    weighted = all(pair.probability is not None for pair in usable)
    table = _table(usable, weighted=weighted)
    description = describe_judge(table)
    scored = [pair for pair in usable if pair.score is not None and 0 <= pair.score <= 1]
    scores, truths, weights = _scores(scored, weighted=weighted)
    whole = get_pass_rate(window, question=asked["key"], judge=judge, judge_version=version)
    mcc = description.mcc.value
    return Calibration(
        question=asked["key"],
        n=table.n,
        weighted=weighted,
        confusion=_confusion(pairs),
        description=description,
        brier=brier_score(scores, truths, weights) if scored else None,
        reliability=list(reliability_diagram(scores, truths, weights)) if scored else [],
        corrected=Corrected(
            post_stratified=whole.estimate, rogan_gladen=_rogan_gladen(table, pairs), ppi=_ppi(usable, pairs)
        ),
        segments=_segments(pairs, weighted=weighted) if window.segment else [],
        looks=looks,
        label_worth=label_worth(mcc) if mcc is not None and -1 < mcc < 1 else None,
        sentence=_sentence(judge, description, table.n),
        warnings=(*description.warnings, *(() if weighted or not usable else (UNWEIGHTED,))),
    )


def _table(pairs: Sequence[Pair], *, weighted: bool) -> WeightedTable:
    return weighted_table(
        [pair.outcome or 0 for pair in pairs],
        [int(pair.verdict == PASS) for pair in pairs],
        2,
        probability=[pair.probability or 1.0 for pair in pairs] if weighted else None,
    )


def _scores(pairs: Sequence[Pair], *, weighted: bool) -> tuple[list[float], list[int], list[float]]:
    return (
        [float(pair.score or 0) for pair in pairs],
        [int(pair.outcome or 0) for pair in pairs],
        [1 / pair.probability if weighted and pair.probability else 1.0 for pair in pairs],
    )


def _confusion(pairs: Sequence[Pair]) -> Confusion:
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


def _rogan_gladen(table: WeightedTable, pairs: Sequence[Pair]) -> Estimate:
    passes = sum(pair.verdict == PASS for pair in pairs)
    return lang_reiczigel(table, passes, passes + sum(pair.verdict == FAIL for pair in pairs))


def _ppi(usable: Sequence[Pair], pairs: Sequence[Pair]) -> Estimate:
    """Return the tuned difference estimator; only drawn items carry evidence about the traffic."""
    drawn = [pair for pair in usable if pair.probability is not None]
    passes = sum(pair.verdict == PASS for pair in pairs)
    n_verdicts = passes + sum(pair.verdict == FAIL for pair in pairs)
    sample = labelled_sample(
        [pair.outcome or 0 for pair in drawn],
        [pair.probability or 1.0 for pair in drawn],
        judge=np.asarray([float(pair.verdict == PASS) for pair in drawn]),
    )
    return difference(binary_traffic(passes, max(n_verdicts, 1)), sample)


def _segments(pairs: Sequence[Pair], *, weighted: bool) -> list[SegmentCalibration]:
    parts: dict[str | None, list[Pair]] = {}
    for pair in pairs:
        parts.setdefault(pair.segment, []).append(pair)
    found = []
    for value, inside in sorted(parts.items(), key=lambda part: (-len(part[1]), part[0] or "")):
        usable = [pair for pair in inside if pair.outcome is not None and pair.verdict != UNPARSED]
        table = _table(usable, weighted=weighted)
        found.append(SegmentCalibration(value, table.n, _confusion(inside), describe_judge(table)))
    return found


def _sentence(judge: str, description: JudgeDescription, n: int) -> str:
    tpr, tnr = description.tpr, description.tnr
    if not n:
        return f"Nobody knows how good {judge} is: no item has both its verdict and an answer of record."
    if tpr.value is None or tnr.value is None:
        return f"{judge} cannot be judged yet: the {n} labelled items are all passes or all fails."
    if description.youden_j.low is not None and description.youden_j.low <= 0:
        return f"{judge} is not shown to be better than chance on these {n} items."
    return (
        f"{judge} recognises {tpr.value * 100:.0f} % of the passes and {tnr.value * 100:.0f} % of the fails of"
        f" {n} labelled items; its own rate is off by what it misses, the corrected ones are not."
    )
