"""The AI's decision beside a person's, item by item: from one feed of the manual process, or from our own queue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import Any, NamedTuple

import orjson
from django.db import connection

from annotations.labels.combine import combine_answers
from annotations.models import DecisionFeed
from annotations.models.decisions import Coverage
from annotations.quality.asked import Window
from annotations.quality.lanes import reached
from annotations.shadow.rules import Rule, is_masked
from reviewapp.http.errors import FieldError, InvalidError
from sampling.plans.filters_sql import SqlCondition
from sampling.plans.segments import segment_sql

_COLUMNS = "i.id, i.external_id, {ai}, i.confidence, i.latency_ms, i.cost_usd, i.session_ref, {segment}, i.received_at"

_OF_FEED = """
SELECT {columns}, i.sampling_probability, d.decision::text, d.decider, d.duration_ms,
    greatest(i.received_at, d.received_at), d.decided_at,
    EXISTS (SELECT FROM annotations_decision e WHERE e.feed_id = d.feed_id AND e.external_id = d.external_id
        AND e.superseded_by_id IS NOT NULL AND e.decision <> d.decision)
FROM annotations_decision d
JOIN sampling_itemkey k ON k.project_id = d.project_id AND k.external_id = d.external_id
JOIN sampling_item i ON i.id = k.item_id
WHERE d.feed_id = %s AND d.superseded_by_id IS NULL AND NOT d.assisted AND {ai} IS NOT NULL AND {condition}
ORDER BY 14, i.id
"""
_COUNTS = """
SELECT count(*) FILTER (WHERE d.assisted), count(*) FILTER (WHERE k.item_id IS NULL),
    count(*) FILTER (WHERE k.item_id IS NOT NULL AND NOT d.assisted AND {ai} IS NULL)
FROM annotations_decision d
LEFT JOIN sampling_itemkey k ON k.project_id = d.project_id AND k.external_id = d.external_id
LEFT JOIN sampling_item i ON i.id = k.item_id
WHERE d.feed_id = %s AND d.superseded_by_id IS NULL AND (k.item_id IS NULL OR ({condition}))
"""
_PAIRS_OF_FEEDS = """
SELECT d.feed_id, count(*) FROM annotations_decision d
JOIN sampling_itemkey k ON k.project_id = d.project_id AND k.external_id = d.external_id
JOIN sampling_item i ON i.id = k.item_id
WHERE d.project_id = %s AND d.superseded_by_id IS NULL AND NOT d.assisted AND {ai} IS NOT NULL AND {condition}
GROUP BY 1
"""
_DECIDABLE = "SELECT count(*) FROM sampling_item i WHERE {ai} IS NOT NULL AND {condition}"

# Before the project was blind its reviewers saw what the AI had decided.
_BLIND = "(b.source <> 'queue' OR p.blind_since IS NULL OR b.created_at >= p.blind_since)"
_OF_QUESTION = """
SELECT {columns}, i.sampling_probability, drawn.probability, drawn.u, labels.answers, labels.names, labels.planned,
    labels.spent, labels.at, (SELECT (a.answers -> %s)::text FROM annotations_adjudication a
        WHERE a.item_id = i.id AND a.superseded_by_id IS NULL AND a.answers ? %s)
FROM sampling_item i JOIN accounts_project p ON p.id = i.project_id
JOIN LATERAL (
    SELECT array_agg((b.answers -> %s)::text ORDER BY b.id) FILTER (WHERE {blind}) AS answers,
        array_agg(b.reviewer_name ORDER BY b.id) FILTER (WHERE {blind}) AS names,
        array_agg(NOT EXISTS (SELECT FROM annotations_extralabel x WHERE x.label_id = b.id) ORDER BY b.id)
            FILTER (WHERE {blind}) AS planned,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY b.duration_ms) FILTER (WHERE {blind}) AS spent,
        max(b.created_at) FILTER (WHERE {blind}) AS at, count(*) AS n
    FROM annotations_label b
    WHERE b.project_id = i.project_id AND b.item_id = i.id AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL
        AND NOT b.surplus AND b.source <> 'gold' AND b.answers ? %s
) labels ON labels.n > 0
LEFT JOIN LATERAL (
    SELECT d.probability * {share} AS probability, d.u FROM sampling_draw d
    WHERE d.item_id = i.id AND d.selected ORDER BY d.id DESC LIMIT 1
) drawn ON TRUE
WHERE {ai} IS NOT NULL AND {condition}
ORDER BY labels.at, i.id
"""
_LOWEST = """
SELECT min(last.probability) FROM sampling_item i
JOIN LATERAL (
    SELECT d.probability FROM sampling_draw d WHERE d.item_id = i.id ORDER BY d.id DESC LIMIT 1
) last ON last.probability > 0
WHERE {ai} IS NOT NULL AND {condition}
"""


class Pair(NamedTuple):
    """One item with both decisions, named by the rule.

    `probability` is the chance with which people came to decide it (upstream × feed or draw), None where nobody knows.
    Where an upstream sampler's is not known of some, it is left out of all: they stand for the traffic received.
    `everybody` holds what each person said, without those who were asked because others differed; `human` is the
    resolution of all, None while it is open. `in_uniform` tells whether the item belongs to those that were chosen with
    one and the same probability.
    """

    item_id: int
    external_id: str
    ai: str
    human: str | None
    confidence: float | None
    latency_ms: float | None
    cost_usd: float | None
    session: str | None
    segment: str | None
    received_at: datetime
    at: datetime
    probability: float | None
    in_uniform: bool
    duration_ms: float | None
    deciders: tuple[str, ...]
    everybody: tuple[str, ...]
    contradicted: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """Where people's side comes from: a feed of the manual process, or a question of our own queue. Never both."""

    kind: str
    name: str
    coverage: str
    n_pairs: int = 0

    @property
    def key(self) -> str:
        """The name by which rulings know it."""
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of one source, in the order in which they became known, and what was left out and why."""

    source: Source
    rows: list[Pair]
    n_decidable: int
    n_assisted: int = 0
    n_waiting: int = 0
    n_without_ai: int = 0
    n_chosen_by_hand: int = 0
    n_open: int = 0
    n_unknown_upstream: int = 0
    n_masked: int = 0

    @property
    def decided(self) -> list[Pair]:
        """Those on which people have one answer."""
        return [row for row in self.rows if row.human is not None]

    @property
    def n_contradicted(self) -> int:
        """Items about which the process changed its mind."""
        return sum(row.contradicted for row in self.rows)


def list_feeds(project_id: int) -> list[DecisionFeed]:
    """Return the project's feeds by name."""
    return list(DecisionFeed.objects.filter(project_id=project_id).order_by("name"))


def ai_sql(rule: Rule) -> SqlCondition:
    """Return the JSON text of the AI's decision on a row `i` of `sampling_item`; NULL where it made none."""
    where = rule.spec.ai
    if where == "decision":
        return SqlCondition("i.decision::text", [])
    if where.startswith("verdict."):
        fact = "(SELECT f.value::text FROM sampling_itemfact f WHERE f.item_id = i.id AND f.name = %s)"
        return SqlCondition(fact, [where])
    if where == "output":
        return SqlCondition("i.output::text", [])
    return SqlCondition("(i.output #> %s::text[])::text", [where.split(".")[1:]])


def read_feed_pairs(window: Window, feed: DecisionFeed, rule: Rule) -> Pairs:
    """Return the pairs of a feed. Decisions of people who had seen the AI's are left out and counted."""
    ai, condition, segment = ai_sql(rule), window.condition(), _segment(window)
    columns = _COLUMNS.format(ai=ai.sql, segment=segment.sql)
    with connection.cursor() as cursor:
        cursor.execute(
            _OF_FEED.format(columns=columns, ai=ai.sql, condition=condition.sql),
            [*ai.params, *segment.params, feed.pk, *ai.params, *condition.params],
        )
        found = cursor.fetchall()
        cursor.execute(_COUNTS.format(ai=ai.sql, condition=condition.sql), [*ai.params, feed.pk, *condition.params])
        assisted, waiting, without = cursor.fetchone()
        decidable = _count_decidable(cursor, ai, condition)
    share = {Coverage.ALL: 1.0, Coverage.PROBABILITY: feed.probability, Coverage.UNKNOWN: 1.0}[Coverage(feed.coverage)]
    rows, unknown = [], sum(row[9] is None for row in found)
    for row in found:
        upstream, decision, decider, duration, at, _, contradicted = row[9:]
        human = rule.name(orjson.loads(decision))
        probability = None if share is None else share if unknown else upstream * share
        rows.append(
            _pair(
                rule,
                row,
                human=human,
                at=at,
                probability=probability,
                in_uniform=False,
                duration_ms=duration,
                deciders=(decider,) if decider else (),
                everybody=(human,),
                contradicted=contradicted,
            )
        )
    rows, masked = _legible(rows)
    uniform = len({row.probability for row in rows}) == 1
    rows = [row._replace(in_uniform=uniform) for row in rows]
    source = Source("feed", feed.name, feed.coverage, len(rows))
    return Pairs(
        source,
        rows,
        decidable,
        n_assisted=assisted,
        n_waiting=waiting,
        n_without_ai=without,
        n_unknown_upstream=unknown,
        n_masked=masked,
    )


def busiest_feed(window: Window, feeds: Sequence[DecisionFeed], rule: Rule) -> DecisionFeed:
    """Return the feed with most pairs, the first of equals; of a single one nothing is counted."""
    if len(feeds) == 1:
        return feeds[0]
    ai, condition = ai_sql(rule), window.condition()
    with connection.cursor() as cursor:
        cursor.execute(
            _PAIRS_OF_FEEDS.format(ai=ai.sql, condition=condition.sql),
            [window.project_id, *ai.params, *condition.params],
        )
        counts = dict(cursor.fetchall())
    return max(feeds, key=lambda feed: counts.get(feed.pk, 0))


def read_question_pairs(window: Window, question: dict[str, Any], rule: Rule) -> Pairs:
    """Return the pairs of a question that our own reviewers answered without seeing the AI's decision.

    Items that were sent to review by hand have no probability; they are left out and counted, and so are those of which
    all labels are from before the project was blind.
    """
    ai, condition, segment = ai_sql(rule), window.condition(), _segment(window)
    key, lanes = question["key"], reached(window)
    with connection.cursor() as cursor:
        cursor.execute(
            _OF_QUESTION.format(
                columns=_COLUMNS.format(ai=ai.sql, segment=segment.sql),
                ai=ai.sql,
                condition=condition.sql,
                share=lanes.share.sql,
                blind=_BLIND,
            ),
            [
                *(*ai.params, *segment.params, key, key, key, key),
                *(*lanes.share.params, *ai.params, *condition.params),
            ],
        )
        found = cursor.fetchall()
        cursor.execute(_LOWEST.format(ai=ai.sql, condition=condition.sql), [*ai.params, *condition.params])
        (lowest,) = cursor.fetchone()
        decidable = _count_decidable(cursor, ai, condition)
    rows, by_hand, assisted = [], 0, 0
    unknown = sum(row[9] is None and row[10] is not None for row in found)
    for row in found:
        sampled, drawn, u, answers, names, planned, spent, at, adjudicated = row[9:]
        if drawn is None:
            by_hand += 1
            continue
        if answers is None:
            assisted += 1
            continue
        upstream = 1.0 if unknown else sampled
        given = [orjson.loads(answer) for answer in answers]
        answer = orjson.loads(adjudicated) if adjudicated is not None else None
        if answer is None:
            answer = combine_answers(question, given, by_majority=True).answer
        rows.append(
            _pair(
                rule,
                row,
                human=None if answer is None else rule.name(answer),
                at=at,
                probability=upstream * drawn,
                # Everything below the lowest probability was chosen with that one, whatever the rules say; and answered
                # alike, unless one lane was reached further than the other.
                in_uniform=upstream == 1 and lowest is not None and u < lowest and lanes.even,
                duration_ms=spent,
                deciders=tuple(compress(names, planned)),
                everybody=tuple(rule.name(each) for each in compress(given, planned)),
            )
        )
    rows, masked = _legible(rows)
    source = Source("question", key, "drawn", len(rows))
    undecided = sum(row.human is None for row in rows)
    return Pairs(
        source,
        rows,
        decidable,
        n_assisted=assisted,
        n_chosen_by_hand=by_hand,
        n_open=undecided,
        n_unknown_upstream=unknown,
        n_masked=masked,
    )


def named_feed(feeds: Sequence[DecisionFeed], name: str) -> DecisionFeed:
    """Return the feed of that name, or raise InvalidError."""
    for feed in feeds:
        if feed.name == name:
            return feed
    message = f"The project has no decision feed {name[:60]!r}."
    raise InvalidError(message, fields=(FieldError("feed", message),))


def _legible(rows: list[Pair]) -> tuple[list[Pair], int]:
    """Return the pairs that hold nothing masked, and how many the others are."""
    found = [row for row in rows if not any(map(is_masked, (row.ai, row.human or "", *row.everybody)))]
    return found, len(rows) - len(found)


def _segment(window: Window) -> SqlCondition:
    return SqlCondition("NULL::text", []) if window.segment is None else segment_sql(window.segment)


def _count_decidable(cursor: Any, ai: SqlCondition, condition: SqlCondition) -> int:
    cursor.execute(_DECIDABLE.format(ai=ai.sql, condition=condition.sql), [*ai.params, *condition.params])
    return int(cursor.fetchone()[0])


def _pair(rule: Rule, row: Sequence[Any], **rest: Any) -> Pair:
    return Pair(
        item_id=row[0],
        external_id=row[1],
        ai=rule.name_of_ai(orjson.loads(row[2])),
        confidence=row[3],
        latency_ms=row[4],
        cost_usd=row[5],
        session=row[6],
        segment=row[7],
        received_at=row[8],
        **rest,
    )
