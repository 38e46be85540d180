"""The pass rate that gates ask for: the weighted one, with limits that hold at every look.

Where every item had the same chance they are those of the beta-binomial sequence, from the first label on. Else they
are the asymptotic band once there is one, and before that the sequence of the items that the lowest rate alone would
have drawn. A session is one observation, worth the mean of its items. Items without any chance are no part of the
traffic that the rate is about. Those that people differ on are the difficult ones: until they are settled the lower
limit takes them for fails, and the upper one for passes.
"""

from collections.abc import Sequence

from django.db import connection

from annotations.estimates.grading import grading_of
from annotations.estimates.pass_rate import get_pass_rate
from annotations.estimates.rows import DrawnItem, read_drawn
from annotations.quality.asked import Window, get_question
from annotations.quality.lanes import reached
from annotations.rollouts.gates import Measured
from reviewapp.stats.sequential.beta_binomial import confidence_sequence
from reviewapp.stats.sequential.sessions import SessionCounts, count_sessions
from reviewapp.words import counted

ALPHA = 0.05
_BELOW = """
WITH last AS (
    SELECT DISTINCT ON (d.item_id) d.item_id, d.probability, d.u FROM sampling_draw d
    JOIN sampling_item i ON i.id = d.item_id WHERE {condition} ORDER BY d.item_id, d.id DESC
)
SELECT item_id FROM last WHERE u < (SELECT min(probability) FROM last WHERE probability > 0)
"""


def measure_pass_rate(window: Window, *, question: str | None) -> Measured:
    """Return the rate with its limits, or why there is none."""
    found = get_pass_rate(window, question=question, population="process")
    if found.figure != "pass_rate":
        return Measured.nothing(f"The question {found.question} does not say which answers pass.")
    if found.estimate.value is None:
        return Measured.nothing("No drawn item of this version is labelled yet.")
    rate, n = found.estimate.value, found.estimate.n
    asked = get_question(window.project_id, question)
    drawn = read_drawn(window, asked, judge_version=None, segment=None, grading=grading_of(asked))
    rows = [row for row in drawn if row.outcome is not None or row.is_unresolved]
    waiting = sum(row.outcome is None for row in rows)
    open_ones = counted(waiting, "drawn item is", "drawn items are")
    said = f"{open_ones} not settled; the limits hold whatever comes of that." if waiting else ""
    band = found.series[-1].so_far if found.series else None
    if len({row.probability for row in rows}) > 1 and band is not None and band.low is not None:
        settled = 1 - _open_share(rows)
        high = None if band.high is None else band.high * settled + (1 - settled)
        return Measured(rate, band.low * settled, high, n, said)
    if not reached(window).even:
        reason = "Urgent items are reached more often than others, so no limit holds at every look until the band does."
        return Measured(rate, None, None, n, reason)
    uniform = _uniform(rows, window)
    if not uniform:
        reason = "No labelled item had the same chance as all others, so no limit holds at every look."
        return Measured(rate, None, None, n, reason)
    low = confidence_sequence(*_counts(uniform, open_ones_pass=False), ALPHA).low
    return Measured(rate, low, confidence_sequence(*_counts(uniform, open_ones_pass=True), ALPHA).high, n, said)


def _counts(rows: Sequence[DrawnItem], *, open_ones_pass: bool) -> SessionCounts:
    passes = [row.outcome == 1 or (row.outcome is None and open_ones_pass) for row in rows]
    return count_sessions([(row.session or row.item_id, each) for row, each in zip(rows, passes, strict=True)])[-1]


def _open_share(rows: Sequence[DrawnItem]) -> float:
    """Return the weighted share of the items that people looked at and did not settle."""
    weights = [1 / (row.probability * (row.upstream or 1)) for row in rows]
    return sum(weight for row, weight in zip(rows, weights, strict=True) if row.outcome is None) / sum(weights)


def _uniform(rows: list[DrawnItem], window: Window) -> list[DrawnItem]:
    """Return the items that the lowest rate would have drawn by itself, and that nobody thinned before."""
    condition = window.condition()
    with connection.cursor() as cursor:
        cursor.execute(_BELOW.format(condition=condition.sql), condition.params)
        below = {row[0] for row in cursor.fetchall()}
    return [row for row in rows if row.item_id in below and row.upstream in {None, 1}]
