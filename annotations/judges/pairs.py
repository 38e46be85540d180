"""Items that a judge version and people both answered: the verdict beside the answer of record."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from django.db import connection

from annotations.estimates.grading import CELLS, FAIL, PASS, UNPARSED, UNSCORED, pass_grading_of
from annotations.estimates.rows import part_sql
from annotations.models import JudgeVersion
from annotations.quality.asked import Window
from annotations.quality.lanes import reached
from reviewapp.accounts.models import Project
from reviewapp.http.errors import NotFoundError
from reviewapp.stats.sampling.splits import hash_split
from sampling.draws.numbers import purpose_salt

SHARES = {"train": 0.2, "dev": 0.3, "test": 0.5}
SPLITS = "splits"

# Only what people answered comes back: of a million verdicts few have a label.
_PAIRS = """
SELECT i.id, i.external_id, i.session_ref, {part}, v.answers -> %s, v.answers IS NOT NULL, v.score,
    (SELECT d.probability * {share} FROM sampling_draw d WHERE d.item_id = i.id AND d.selected
     ORDER BY d.id DESC LIMIT 1), i.sampling_probability,
    ARRAY(SELECT (b.answers -> %s)::text FROM annotations_label b WHERE b.project_id = i.project_id AND b.item_id = i.id
          AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL AND NOT b.surplus AND b.source <> 'gold'
          AND b.answers ? %s ORDER BY b.id),
    ARRAY(SELECT b.reviewer_name FROM annotations_label b WHERE b.project_id = i.project_id AND b.item_id = i.id
          AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL AND NOT b.surplus AND b.source <> 'gold'
          AND b.answers ? %s ORDER BY b.id),
    ARRAY(SELECT NOT EXISTS (SELECT FROM annotations_extralabel x WHERE x.label_id = b.id) FROM annotations_label b
          WHERE b.project_id = i.project_id AND b.item_id = i.id
          AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL AND NOT b.surplus AND b.source <> 'gold'
          AND b.answers ? %s ORDER BY b.id),
    (SELECT a.answers -> %s FROM annotations_adjudication a WHERE a.item_id = i.id AND a.superseded_by_id IS NULL),
    (i.received_at AT TIME ZONE 'UTC')::date,
    (SELECT max(r.version) FROM annotations_label b JOIN annotations_rubricversion r ON r.id = b.rubric_id
     WHERE b.project_id = i.project_id AND b.item_id = i.id AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL)
FROM annotations_verdict v JOIN sampling_item i ON i.id = v.item_id
WHERE v.judge_version_id = %s AND v.superseded_by_id IS NULL AND {condition}
    AND i.id IN (SELECT item_id FROM annotations_label WHERE project_id = %s
                 UNION SELECT item_id FROM annotations_adjudication WHERE project_id = %s)
ORDER BY i.id
"""
_COUNTS = """
SELECT v.answers -> %s, v.answers IS NOT NULL, count(*), sum(1 / COALESCE(i.sampling_probability, 1)),
    sum(1 / COALESCE(i.sampling_probability ^ 2, 1)), count(*) FILTER (WHERE i.sampling_probability IS NULL)
FROM annotations_verdict v JOIN sampling_item i ON i.id = v.item_id
WHERE v.judge_version_id = %s AND v.superseded_by_id IS NULL AND {condition}
GROUP BY 1, 2
"""


class Pair(NamedTuple):
    """One item with a verdict: its cell, score, answer of record (None without one), and everybody's raw answers.

    `drawn` is the probability of the draw times how far its lane of the queue was reached where lanes differ, and
    `probability` that times the upstream one, where this is known of all; None where the draw did not select the item.
    `planned` tells the labels planned from the start from those of people who were asked because others differed.
    """

    item_id: int
    segment: str | None
    verdict: int
    score: float | None
    probability: float | None
    outcome: int | None
    labels: list[Any]
    reviewers: list[str]
    external_id: str
    session: str
    day: date
    rubric_version: int | None
    planned: list[bool]
    drawn: float | None
    upstream_is_known: bool

    @property
    def is_usable(self) -> bool:
        """Whether there is both an answer of record and a verdict that could be read."""
        return self.outcome is not None and self.verdict != UNPARSED


def usable(pairs: Sequence[Pair]) -> list[Pair]:
    """Return those that enter a rate."""
    return [pair for pair in pairs if pair.is_usable]


def get_judge_version(project: Project, *, judge: str, version: str) -> JudgeVersion:
    """Return a judge's version, or raise NotFoundError."""
    found = JudgeVersion.objects.select_related("judge").filter(
        judge__project=project, judge__name=judge, version=version
    )
    row = found.first()
    if row is None:
        raise NotFoundError("The project has no such judge version.")
    return row


def read_pairs(
    window: Window, question: dict[str, Any], version: JudgeVersion, *, salt: str, split: str | None
) -> list[Pair]:
    """Return the version's verdicts on items that people labelled, with what they say, of one split where named.

    Splits go by a keyed hash of the session (of the item without one), so that neighbours fall on one side.
    """
    key, part, condition = question["key"], part_sql(window.segment), window.condition()
    graded = pass_grading_of(question)
    share = reached(window).share
    with connection.cursor() as cursor:
        cursor.execute(
            _PAIRS.format(part=part.sql, condition=condition.sql, share=share.sql),
            [
                *part.params,
                key,
                *share.params,
                *[key] * 5,
                version.pk,
                *condition.params,
                window.project_id,
                window.project_id,
            ],
        )
        rows = cursor.fetchall()
    keyed = purpose_salt(salt, SPLITS)
    found = []
    for row in rows:
        item_id, name, session, segment, answer, parsed, score, drawn, upstream, labels, names, planned, *rest = row
        decided, day, rubric = rest
        if split is not None and hash_split(keyed, session or name, SHARES) != split:
            continue
        verdict = graded.code(answer, parsed=parsed, scored=True)
        if verdict == UNSCORED:
            continue
        outcome = graded.outcome([decided] if decided is not None else labels)
        settled = None if outcome is None else int(outcome)
        found.append(
            Pair(
                item_id=item_id,
                segment=segment,
                verdict=verdict,
                score=score,
                probability=None if drawn is None else drawn * (upstream or 1),
                outcome=settled,
                labels=labels,
                reviewers=names,
                external_id=name,
                session=session or name,
                day=day,
                rubric_version=rubric,
                planned=planned,
                drawn=drawn,
                upstream_is_known=upstream is not None,
            )
        )
    known = all(pair.upstream_is_known for pair in found if pair.drawn is not None)
    return found if known else without_upstream(found)


def without_upstream(pairs: Sequence[Pair]) -> list[Pair]:
    """Return pairs that stand for the traffic received: weights of some items and not of others describe nothing."""
    return [pair._replace(probability=pair.drawn) for pair in pairs]


class Verdicts(NamedTuple):
    """All standing verdicts of a window, by cell: how many, and the sums of 1/π₁ and 1/π₁² upstream (where this is not
    known of some item they count the items received, as `n` does)."""

    n: list[int]
    weight: list[float]
    square: list[float]
    n_unknown_upstream: int

    @property
    def n_parsed(self) -> int:
        """Those that pass or fail."""
        return self.n[PASS] + self.n[FAIL]

    @property
    def pass_share(self) -> float:
        """The share of the traffic that passes, of what passes or fails; 0 where nothing does."""
        whole = self.weight[PASS] + self.weight[FAIL]
        return self.weight[PASS] / whole if whole else 0.0

    @property
    def worth(self) -> float:
        """How many equally likely verdicts those that pass or fail are worth (Kish)."""
        whole, squares = self.weight[PASS] + self.weight[FAIL], self.square[PASS] + self.square[FAIL]
        return whole**2 / squares if squares else 0.0

    @property
    def share_variance(self) -> float:
        """The variance of `pass_share` that comes of the upstream sampler; 0 where it kept everything."""
        share, whole = self.pass_share, self.weight[PASS] + self.weight[FAIL]
        thinned = [square - weight for square, weight in zip(self.square, self.weight, strict=True)]
        return (thinned[PASS] * (1 - share) ** 2 + thinned[FAIL] * share**2) / whole**2 if whole else 0.0


def count_verdicts(window: Window, question: dict[str, Any], version: JudgeVersion) -> Verdicts:
    """Count the standing verdicts that pass, fail and cannot be read, of all items of the window, labelled or not."""
    graded, condition = pass_grading_of(question), window.condition()
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS.format(condition=condition.sql), [question["key"], version.pk, *condition.params])
        rows = cursor.fetchall()
    sums = np.zeros((3, len(CELLS)))
    unknown = 0
    for answer, parsed, n, weight, square, n_unknown in rows:
        sums[:, graded.code(answer, parsed=parsed, scored=True)] += (n, weight, square)
        unknown += n_unknown
    n, weight, square = (each[:UNSCORED].tolist() for each in sums)
    counts = [int(each) for each in n]
    return Verdicts(counts, n if unknown else weight, n if unknown else square, unknown)
