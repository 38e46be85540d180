"""What is known of the failure modes of drawn items: from the question, or from notes that were read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import orjson
from django.db import connection

from annotations.estimates.pass_rate import gather
from annotations.estimates.rows import DrawnItem
from annotations.estimates.weigh import Weighed
from annotations.failures.assign import standing_modes
from annotations.failures.change_modes import OTHER
from annotations.failures.codebook import Codebook
from annotations.failures.notes import noted_items
from annotations.failures.publish import KEY, asks_for_modes
from annotations.models import RubricVersion
from annotations.quality.asked import Window, get_question
from reviewapp.stats.arrays import BoolArray, FloatArray
from reviewapp.stats.pass_rate.traffic import RECEIVED

Source = Literal["question", "reading"]
OTHER_ID = 0  # what the question calls "something else"; no mode has this id

_VOTES = """
SELECT b.item_id, b.answers -> %(key)s FROM annotations_label b
WHERE b.project_id = %(project)s AND b.item_id = ANY(%(items)s) AND b.rubric_id = ANY(%(rubrics)s)
    AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL AND NOT b.surplus AND b.source <> 'gold'
"""
_DECIDED = """
SELECT a.item_id, a.answers -> %(key)s FROM annotations_adjudication a
WHERE a.project_id = %(project)s AND a.item_id = ANY(%(items)s) AND a.rubric_id = ANY(%(rubrics)s)
    AND a.superseded_by_id IS NULL
"""

PASS, FAIL = 1, 0
_UNKNOWN = -1


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """n drawn items. `votes[i]` are the sets of modes that people gave item i by the question, `read[i]` what somebody
    read in its notes; None where nobody did. `outcome` is 1 pass, 0 fail, -1 not known; all arrays have shape (n,).

    `silent` marks items that show no mode unless somebody read otherwise: they passed, or, where nothing passes or
    fails, nobody wrote anything. `grades` says whether the project's question knows pass and fail. `weighed` holds the
    drawn items with their response cells, as pass rates take them: failing and passing come from the same weights.
    """

    weighed: Weighed
    votes: list[list[frozenset[int]] | None]
    read: list[frozenset[int] | None]
    outcome: np.ndarray[Any, np.dtype[np.int8]]
    silent: BoolArray
    question: str
    grades: bool
    codebook: Codebook
    warnings: tuple[str, ...]

    @property
    def drawn(self) -> Sequence[DrawnItem]:
        """Return the drawn items."""
        return self.weighed.drawn

    @property
    def n(self) -> int:
        """Return the number of drawn items."""
        return len(self.drawn)

    @property
    def labelled(self) -> BoolArray:
        """Return which of them have a resolution (a label, where nothing passes or fails)."""
        return self.outcome != _UNKNOWN if self.grades else np.array([each.n_labels > 0 for each in self.drawn], bool)

    @property
    def usual_source(self) -> Source:
        """Return where figures come from unless somebody says otherwise: the question, once it was answered."""
        return "question" if any(votes is not None for votes in self.votes) else "reading"

    @property
    def sessions(self) -> np.ndarray[Any, Any] | None:
        """Return the session of each item, itself where it has none; None where no item has one."""
        if all(each.session is None for each in self.drawn):
            return None
        return np.array([each.session or f"\0{each.item_id}" for each in self.drawn], dtype=str)

    def shows(self, mode: int, source: Source) -> FloatArray:
        """Return 1 where an item shows the mode, 0 where not, NaN where nobody knows."""
        if source == "question":
            return np.array([_majority(votes, mode) for votes in self.votes], np.float64)
        shown = [
            float(mode in read) if read is not None else 0.0 if silent else float("nan")
            for read, silent in zip(self.read, self.silent, strict=True)
        ]
        return np.where(self.labelled, np.array(shown, np.float64), np.nan)

    def probability(self, shows: FloatArray, source: Source) -> FloatArray:
        """Return, for each item, how likely it was to be known: π, answered within its cell, and read.

        Reading is in an order drawn by chance, so what was read of the fails (of everything, where nothing passes or
        fails) is a random part of them. 0 where a cell or a class has nothing known.
        """
        known = ~np.isnan(shows)
        if source == "question":
            return self.weighed.chance * self._answered(known)
        labelled = self.labelled
        answered = self.answered
        for outcome in (PASS, FAIL, _UNKNOWN):
            part = labelled & (self.outcome == outcome)
            if part.any():
                answered[part] *= known[part].mean()
        return answered

    @property
    def answered(self) -> FloatArray:
        """Return how likely each item was to be drawn and labelled: π times the response of its cell."""
        if self.grades:
            return np.asarray(self.weighed.chance * self.weighed.answered)
        return self.weighed.chance * self._answered(self.labelled)

    def _answered(self, done: BoolArray) -> FloatArray:
        """Return the share of each item's response cell (verdict, lane of the queue, hours of arrival) that is done."""
        if not self.n:
            return np.zeros(0)
        cell = self.weighed.response.cell_of[self.weighed.cell]
        return np.asarray((np.bincount(cell, done) / np.bincount(cell).clip(1))[cell], np.float64)


def _majority(votes: Sequence[frozenset[int]] | None, mode: int) -> float:
    """Return 1 where more than half gave the mode, 0 where fewer did, NaN for just half and for no votes."""
    if not votes:
        return float("nan")
    given = 2 * sum(mode in vote for vote in votes)
    return float("nan") if given == len(votes) else float(given > len(votes))


def read_evidence(window: Window, codebook: Codebook, *, question: str | None = None) -> Evidence:
    """Return what is known of the drawn items of a window; they pass and fail by the primary question or the named one.

    Raises ConflictError `no_rubric`, InvalidError for a question that is none.
    """
    asked = get_question(window.project_id, question)
    grades = asked.get("positive") is not None or asked.get("positive_from") is not None
    found = gather(replace(window, segment=None), question=question, judge=(None, None))
    drawn = found.weighed.drawn
    ids = [each.item_id for each in drawn]
    votes = _read_votes(window.project_id, ids, codebook)
    read = standing_modes(codebook, window.project_id, None)  # few beside the drawn items, whose ids would be many
    rows = found.weighed.rows
    known = zip(drawn, found.weighed.done, strict=True)
    codes = [each.outcome if grades and done and each.outcome is not None else _UNKNOWN for each, done in known]
    outcome = np.array(codes, np.int8)
    if grades:
        silent = outcome == PASS
    else:
        noted = noted_items(window.project_id, ids)
        silent = np.array([item_id not in noted for item_id in ids], bool)
    return Evidence(
        weighed=found.weighed,
        votes=[votes.get(item_id) for item_id in ids],
        read=[read.get(item_id) for item_id in ids],
        outcome=outcome,
        silent=silent,
        question=asked["key"],
        grades=grades,
        codebook=codebook,
        warnings=() if found.weighed.upstream_is_known else (RECEIVED.format(rows.n_unknown_upstream),),
    )


def _read_votes(project_id: int, items: list[int], codebook: Codebook) -> dict[int, list[frozenset[int]]]:
    """Return the modes that people gave items by the question; an adjudicator's word goes before all labels."""
    versions = RubricVersion.objects.filter(project_id=project_id)
    asking = [version.pk for version in versions if asks_for_modes(version.questions)]
    votes: dict[int, list[frozenset[int]]] = {}
    if not asking or not items:
        return votes
    asked: dict[str, Any] = {"key": KEY, "project": project_id, "items": items, "rubrics": asking}
    with connection.cursor() as cursor:
        cursor.execute(_VOTES, asked)
        for item_id, answer in cursor.fetchall():
            votes.setdefault(item_id, []).append(_modes(answer, codebook))
        cursor.execute(_DECIDED, asked)
        for item_id, answer in cursor.fetchall():
            votes[item_id] = [_modes(answer, codebook)]
    return votes


def _modes(answer: str | None, codebook: Codebook) -> frozenset[int]:
    """Return the standing modes of an answer; a question that was hidden says that there is none."""
    values = [] if answer is None else orjson.loads(answer)
    known = (OTHER_ID if value == OTHER else codebook.ids.get(value) for value in values)
    return frozenset(OTHER_ID if each == OTHER_ID else codebook.root[each] for each in known if each is not None)
