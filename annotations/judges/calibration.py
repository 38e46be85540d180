"""The calibration of a judge version: how its verdicts compare with the answers of record, and what corrects them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.db import transaction

from annotations.estimates.grading import PASS, UNPARSED
from annotations.estimates.judged import find_flag
from annotations.estimates.pass_rate import get_pass_rate
from annotations.judges.applies import Applies, which_applies
from annotations.judges.attacks import find_attacks
from annotations.judges.confusion import Confusion, PartCalibration, count_confusion, cross, describe_parts
from annotations.judges.pairs import (
    Pair,
    Verdicts,
    count_verdicts,
    get_judge_version,
    read_pairs,
    usable,
    without_upstream,
)
from annotations.judges.people import opinions_of
from annotations.judges.scores import ScoreFigures, describe_scores
from annotations.judges.words import Judgement, judge_in_words
from annotations.models import JudgeVersion
from annotations.quality.asked import Window, get_question
from reviewapp.accounts.access import Access
from reviewapp.audit.models import AuditEvent
from reviewapp.audit.record import record
from reviewapp.stats.contingency import WeightedTable
from reviewapp.stats.counted_rates import wilson_rate
from reviewapp.stats.estimate import Estimate
from reviewapp.stats.judge_costs import mistake_cost
from reviewapp.stats.judge_description import JudgeDescription, describe_judge, label_worth
from reviewapp.stats.pass_rate.prediction_powered import JudgeTraffic, difference
from reviewapp.stats.pass_rate.rogan_gladen import lang_reiczigel
from reviewapp.stats.pass_rate.sample import labelled_sample
from reviewapp.stats.pass_rate.traffic import RECEIVED
from reviewapp.stats.signoff.human_ceiling import HumanCeiling, human_ceiling

TEST = "test"
LOOKED = "judge.test_looked"
SEED = 20_26
UNWEIGHTED = "not every labelled item was drawn by chance: each counts the same, which describes these items alone"


@dataclass(frozen=True, slots=True)
class Costs:
    """What a false pass and a false fail cost, in any unit."""

    false_pass: float = 1.0
    false_fail: float = 1.0


@dataclass(frozen=True, slots=True)
class Corrected:
    """The pass rate with the judge's errors taken out, three ways, and which of them applies."""

    post_stratified: Estimate
    rogan_gladen: Estimate
    ppi: Estimate
    judge_only: Estimate
    labels_only: Estimate
    applies: Applies


@dataclass(frozen=True, slots=True)
class Calibration:
    """A judge version beside people. `weighted`: items count 1/π; `looks`: how often the test split was looked at.
    `unparsed`: the share of all its verdicts, labelled or not, that could not be read.

    `label_worth` labels alone are as good as one beside the judge; `effective_labels` all that there are.
    """

    question: str
    n: int
    weighted: bool
    confusion: Confusion
    unparsed: Estimate
    description: JudgeDescription
    costs: Costs
    cost: Estimate
    scores: ScoreFigures | None
    corrected: Corrected
    ceiling: HumanCeiling
    segments: list[PartCalibration]
    rubric_versions: list[PartCalibration]
    weeks: list[PartCalibration]
    looks: int
    label_worth: float | None
    judgement: Judgement
    flag: str | None
    fooled_rate: float | None
    warnings: tuple[str, ...]

    @property
    def effective_labels(self) -> float | None:
        """How many labels alone would say as much of the pass rate as these beside the judge."""
        return None if self.label_worth is None else self.n * self.label_worth


def get_calibration(
    access: Access,
    window: Window,
    *,
    judge: str,
    version: str,
    question: str | None,
    split: str | None,
    now: datetime,
    costs: Costs = Costs(),
) -> Calibration:
    """Return the calibration on all items with a usable verdict and a resolution, or on those of one split.

    A look at the test split is counted, by an audit row. Raises NotFoundError for a version that is none.
    """
    project = access.project
    found = get_judge_version(project, judge=judge, version=version)
    asked = get_question(project.pk, question)
    pairs = read_pairs(window, asked, found, salt=project.sampling_salt, split=split)
    if split == TEST:
        _count_look(access, found, now)
    counts = count_verdicts(window, asked, found)
    if counts.n_unknown_upstream:
        pairs = without_upstream(pairs)
    kept = usable(pairs)
    weighted = is_weighted(pairs)
    table = cross(kept, weighted=weighted)
    description = describe_judge(table)
    mcc = description.mcc.value
    whole = get_pass_rate(window, question=asked["key"], judge=judge, judge_version=version)
    rogan_gladen = lang_reiczigel(table, counts.pass_share * counts.worth, counts.worth)
    said, flag = opinions_of(asked, pairs), find_flag(found, asked["key"])
    return Calibration(
        question=asked["key"],
        n=table.n,
        weighted=weighted,
        confusion=count_confusion(pairs),
        unparsed=wilson_rate(counts.n[UNPARSED], sum(counts.n), method="wilson", undefined="no_verdicts"),
        description=description,
        costs=costs,
        cost=mistake_cost(table, false_pass=costs.false_pass, false_fail=costs.false_fail),
        scores=describe_scores(kept, weighted=weighted, seed=SEED),
        corrected=Corrected(
            post_stratified=whole.estimate,
            rogan_gladen=rogan_gladen,
            ppi=_ppi(kept, counts),
            judge_only=whole.judge_only,
            labels_only=whole.labels_only,
            applies=which_applies(
                kept, post_stratified=whole.estimate, rogan_gladen=rogan_gladen, flagged=flag is not None
            ),
        ),
        ceiling=human_ceiling(said.people, said.judge),
        segments=describe_parts(pairs, lambda pair: pair.segment, weighted=weighted) if window.segment else [],
        rubric_versions=describe_parts(
            pairs, lambda pair: None if pair.rubric_version is None else str(pair.rubric_version), weighted=weighted
        ),
        weeks=describe_parts(pairs, lambda pair: _week(pair.day), weighted=weighted, by_size=False),
        looks=count_looks(found),
        label_worth=label_worth(mcc) if mcc is not None and -1 < mcc < 1 else None,
        judgement=judge_in_words(judge, description, table.n, n_pass=_passes(table), flagged=flag is not None),
        flag=None if flag is None else flag.reason,
        fooled_rate=attacked.fooled_rate if (attacked := find_attacks(found)) else None,
        warnings=(*description.warnings, *_caveats(kept, counts, weighted=weighted)),
    )


def _caveats(kept: Sequence[Pair], counts: Verdicts, *, weighted: bool) -> tuple[str, ...]:
    found = () if weighted or not kept else (UNWEIGHTED,)
    return (*found, RECEIVED.format(counts.n_unknown_upstream)) if counts.n_unknown_upstream else found


def get_judgement(project_id: int, salt: str, version: JudgeVersion, *, question: str | None) -> Judgement:
    """Return what there is to say of a version in a few sentences, from all that is labelled; no look is counted.

    Its examples of the test split count, as in the calibration without a split.
    """
    asked = get_question(project_id, question)
    pairs = read_pairs(Window(project_id), asked, version, salt=salt, split=None)
    table = cross(usable(pairs), weighted=is_weighted(pairs))
    flagged = find_flag(version, asked["key"]) is not None
    return judge_in_words(version.judge.name, describe_judge(table), table.n, n_pass=_passes(table), flagged=flagged)


def is_weighted(pairs: Sequence[Pair]) -> bool:
    """Tell whether every usable pair was drawn by chance, so that the figures may speak of production."""
    return all(pair.probability is not None for pair in usable(pairs))


def count_looks(version: JudgeVersion) -> int:
    """Return how often somebody looked at the version's test split."""
    looked = AuditEvent.objects.filter(project_id=version.judge.project_id, action=LOOKED)
    return looked.filter(object_kind="judge_version", object_id=str(version.pk)).count()


def _count_look(access: Access, version: JudgeVersion, now: datetime) -> None:
    with transaction.atomic():
        record(
            LOOKED,
            now=now,
            actor=access.actor,
            project_id=access.project.pk,
            object_kind="judge_version",
            object_id=version.pk,
        )


def _passes(table: WeightedTable) -> int:
    return int(table.count[1].sum())


def _week(day: date) -> str:
    return (day - timedelta(days=day.weekday())).isoformat()


def _ppi(kept: Sequence[Pair], counts: Verdicts) -> Estimate:
    """Return the tuned difference estimator; only drawn items carry evidence about the traffic."""
    drawn = [pair for pair in kept if pair.probability is not None]
    share = counts.pass_share
    sample = labelled_sample(
        [pair.outcome or 0 for pair in drawn],
        [pair.probability or 1.0 for pair in drawn],
        judge=np.asarray([float(pair.verdict == PASS) for pair in drawn]),
    )
    traffic = JudgeTraffic(max(counts.n_parsed, 1), share, share * (1 - share), counts.share_variance)
    return difference(traffic, sample)
