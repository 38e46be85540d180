"""The report on reviewers: volume, time, accuracy on golds, agreement with the answers of record, and signals.

Whoever may see only their own labels sees only their own row, as it was at midnight: figures that moved with each label
would tell which of them were golds, and what others said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from annotations.golds.answers import list_answers
from annotations.golds.feedback import midnight
from annotations.golds.scores import score_people
from annotations.labels.reveal import count_changes
from annotations.models.golds import GoldPause, PauseState
from annotations.quality.asked import get_question
from annotations.reviewers.read import NOTHING, Work, read_work
from annotations.rubrics.questions import is_positive
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.http.errors import ForbiddenError
from reviewapp.stats.arrays import BoolArray
from reviewapp.stats.counted_rates import wilson_rate
from reviewapp.stats.estimate import Estimate
from reviewapp.stats.gold_classes import class_recall, gold_rates
from reviewapp.stats.golds import GoldAccuracy
from reviewapp.stats.reviewer_signals import Signal, quick_labels, same_answers, tells_nothing_apart
from sampling.plans.filters import EVERYTHING, Filter

WEEKS = 12
FEWEST_TIMED = 10
MOST_CLASSES = 20


@dataclass(frozen=True, slots=True)
class Week:
    """One person's week (from Monday, UTC)."""

    start: datetime
    labels: int
    median_seconds: float | None
    agreement: Estimate


@dataclass(frozen=True, slots=True)
class Reviewer:
    """One person: labels and their time, how right they are, and the signals their work raises.

    `by_class` says of each answer how often they gave it where it was right; `informedness` is TPR + TNR - 1 of a
    pass/fail question. `gold` is None for people without golds.
    """

    name: str
    labels: int
    timed: int
    active_seconds: float
    median_seconds: float | None
    last_at: datetime
    gold: GoldAccuracy | None
    agreement: Estimate
    by_class: dict[str, Estimate]
    informedness: Estimate | None
    changed_after_reveal: Estimate
    weeks: list[Week]
    signals: list[Signal]
    pause: str


@dataclass(frozen=True, slots=True)
class ReviewersReport:
    """Everybody whom the asker may see, by name; the figures end at `until`. `is_own` says that it is one's own row."""

    question: dict[str, Any]
    start: datetime
    until: datetime
    is_own: bool
    is_complete: bool
    reviewers: list[Reviewer]


def get_reviewers(
    access: Access,
    *,
    now: datetime,
    question: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    where: Filter = EVERYTHING,
) -> ReviewersReport:
    """Return the report on the labels of the last twelve weeks, or of the time named, to the items that `where` means.

    Golds, pauses and changes after a reveal are of all items. Raises ConflictError `no_rubric`, InvalidError for an
    unknown question, ForbiddenError where a filter would tell a reviewer what they may not know of items.
    """
    require(access, Action.SEE_OWN_LABELS)
    project = access.project
    asked = get_question(project.pk, question)
    is_own = not access.may(Action.SEE_ALL_LABELS)
    if is_own and where != EVERYTHING:
        raise ForbiddenError("Only who sees all labels may choose items by what is known of them.")
    until = min(end or now, midnight(now)) if is_own else (end or now)
    since = start or until - timedelta(weeks=WEEKS)
    work = read_work(
        project_id=project.pk,
        question=asked,
        lease_seconds=project.lease_seconds,
        start=since,
        end=until,
        where=where,
    )
    answers = [each for each in list_answers(project.pk, until=until) if each.at >= since]
    golds = {score.reviewer: score.accuracy for score in score_people(answers, minimum=project.gold_minimum)}
    changes = {} if is_own else {row.name: row for row in count_changes(access, since=since)}
    pauses = _pauses(project.pk)
    rates = [Rates(work, index, asked) for index in range(len(work.people))]
    found = []
    for index, name in enumerate(work.people):
        if is_own and name != access.actor.user.username:
            continue
        mine = work.person == index
        timed = work.seconds[mine & ~np.isnan(work.seconds)]
        change = changes.get(name)
        found.append(
            Reviewer(
                name=name,
                labels=int(mine.sum()),
                timed=timed.size,
                active_seconds=float(timed.sum()),
                median_seconds=float(np.median(timed)) if timed.size else None,
                last_at=work.at[int(np.flatnonzero(mine)[-1])],
                gold=golds.get(name),
                agreement=rates[index].agreement,
                by_class=rates[index].by_class,
                informedness=rates[index].informedness,
                changed_after_reveal=wilson_rate(
                    change.changed if change else 0, change.revealed if change else 0, method="changed_wilson"
                ),
                weeks=_weeks(work, mine),
                signals=raise_signals(work, index, rates),
                pause=pauses.get(name, ""),
            )
        )
    return ReviewersReport(asked, since, until, is_own, work.is_complete, found)


class Rates:
    """What one person's answers are held against the answers of record."""

    def __init__(self, work: Work, index: int, question: Mapping[str, Any]) -> None:
        held = (work.person == index) & (work.category != NOTHING) & (work.truth != NOTHING)
        said, truth = work.category[held], work.truth[held]
        q = max(len(work.values), 1)
        self.agreement = _agreement(work, held)
        self.by_class: dict[str, Estimate] = {}
        self.informedness: Estimate | None = None
        if work.values and q <= MOST_CLASSES:
            confusion = np.bincount(truth * q + said, minlength=q * q).reshape(q, q).astype(np.int64)
            self.by_class = {str(value): rate for value, rate in zip(work.values, class_recall(confusion), strict=True)}
        passes = [is_positive(question, value) for value in work.values]
        if passes and None not in passes:
            side = np.array(passes, dtype=np.int64)
            table = np.bincount(side[truth] * 2 + side[said], minlength=4).reshape(2, 2).astype(np.int64)
            self.informedness = gold_rates(table).informedness


def _agreement(work: Work, chosen: BoolArray) -> Estimate:
    held = chosen & (work.category != NOTHING) & (work.truth != NOTHING)
    right = int((work.category[held] == work.truth[held]).sum())
    return wilson_rate(right, int(held.sum()), method="resolution_agreement_wilson", undefined="no_pairs")


def _weeks(work: Work, mine: BoolArray) -> list[Week]:
    places = np.flatnonzero(mine)
    starts = [midnight(work.at[place]) - timedelta(days=work.at[place].weekday()) for place in places]
    weeks = []
    for start in sorted(set(starts)):
        chosen = np.zeros(mine.size, dtype=bool)
        chosen[places[[each == start for each in starts]]] = True
        timed = work.seconds[chosen & ~np.isnan(work.seconds)]
        median = float(np.median(timed)) if timed.size else None
        weeks.append(Week(start, int(chosen.sum()), median, _agreement(work, chosen)))
    return weeks


def raise_signals(work: Work, index: int, rates: list[Rates]) -> list[Signal]:
    """Return what is raised about one person. Imported labels have neither our order nor our clock."""
    ours = ~work.is_import
    mine = (work.person == index) & ours
    people = [other for other in range(len(work.people)) if other != index]
    timed = ~np.isnan(work.seconds) & ours
    own_seconds = work.seconds[mine & timed]
    medians = [
        float(np.median(theirs))
        for other in people
        if (theirs := work.seconds[(work.person == other) & timed]).size >= FEWEST_TIMED
    ]
    answered = ours & (work.category != NOTHING) & ~work.is_gold
    shares = [
        np.bincount(theirs, minlength=len(work.values)) / theirs.size
        for other in people
        if (theirs := work.category[(work.person == other) & answered]).size >= FEWEST_TIMED
    ]
    others = [rate.informedness for other in people if (rate := rates[other]).informedness is not None]
    raised = [
        quick_labels(own_seconds, medians),
        same_answers(work.category[(work.person == index) & answered].tolist(), np.mean(shares, axis=0))
        if shares
        else None,
        tells_nothing_apart(rates[index].informedness, [each for each in others if each is not None]),
    ]
    return [signal for signal in raised if signal is not None]


def _pauses(project_id: int) -> dict[str, str]:
    standing = GoldPause.objects.filter(project_id=project_id, state__in=[PauseState.ASKED, PauseState.CONFIRMED])
    return {name: PauseState(state).name.lower() for name, state in standing.values_list("reviewer__username", "state")}
