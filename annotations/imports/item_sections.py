"""What came from elsewhere about an item, on its page: judges' verdicts, and decisions of the manual process."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from annotations.labels.words import answer_words
from annotations.models import Decision, Verdict
from annotations.queue.reviewing import is_reviewing
from reviewapp.accounts.roles import Action
from sampling.items.sections import Event, ItemAsked, Section


@dataclass(frozen=True, slots=True)
class VerdictTold:
    """One verdict: whose, its answers in words (none where it could not be read), and what the judge said of them."""

    judge: str
    version: str
    at: datetime
    score: float | None
    answers: list[tuple[str, str]]
    parsed: bool
    rationale: str


@dataclass(frozen=True, slots=True)
class DecisionTold:
    """One decision: of which feed, what it says, by whom; `same` tells whether the AI decided so too, None if it did
    not decide."""

    feed: str
    decision: str
    decider: str
    at: datetime
    seconds: int | None
    assisted: bool
    same: bool | None


def verdicts(asked: ItemAsked) -> Section | None:
    """Section of an item's page: the standing verdicts. Not for whoever is reviewing the item."""
    if not asked.access.may(Action.SEE_ALL_LABELS) or is_reviewing(asked.access, asked.item_id):
        return None
    rows = list(
        Verdict.objects.filter(item_id=asked.item_id).select_related("judge_version__judge", "rubric").order_by("pk")
    )
    if not rows:
        return None
    return Section(
        name="verdicts",
        title="Verdicts of judges",
        template="items/verdicts.html",
        place="below",
        context={"verdicts": [_verdict(row) for row in rows if row.superseded_by_id is None]},
        events=tuple(Event(row.created_at, "Judged", by=_judge(row)) for row in rows),
    )


def decisions(asked: ItemAsked) -> Section | None:
    """Section of an item's page: what the manual process decided. Not for whoever is reviewing the item."""
    if not asked.access.may(Action.SEE_ALL_LABELS) or is_reviewing(asked.access, asked.item_id):
        return None
    found = Decision.objects.filter(project=asked.access.project, external_id=asked.fields["external_id"])
    rows = list(found.select_related("feed").order_by("pk"))
    if not rows:
        return None
    return Section(
        name="decisions",
        title="Decisions of the manual process",
        template="items/decisions.html",
        place="below",
        context={"decisions": [_decision(row, asked) for row in rows if row.superseded_by_id is None]},
        events=tuple(
            Event(row.decided_at or row.received_at, f"Decided: {_words(row.decision)}", by=_by(row)) for row in rows
        ),
    )


def _judge(row: Verdict) -> str:
    return f"{row.judge_version.judge.name} {row.judge_version.version}"


def _verdict(row: Verdict) -> VerdictTold:
    questions = {question["key"]: question for question in row.rubric.questions}
    answers = [
        (questions[key]["title"], answer_words(questions[key], answer))
        for key, answer in (row.answers or {}).items()
        if key in questions
    ]
    return VerdictTold(
        judge=row.judge_version.judge.name,
        version=row.judge_version.version,
        at=row.created_at,
        score=row.score,
        answers=answers,
        parsed=row.answers is not None,
        rationale=row.rationale,
    )


def _decision(row: Decision, asked: ItemAsked) -> DecisionTold:
    ours = asked.fields["decision"]
    return DecisionTold(
        feed=row.feed.name,
        decision=_words(row.decision),
        decider=row.decider,
        at=_at(row),
        seconds=None if row.duration_ms is None else round(row.duration_ms / 1000),
        assisted=row.assisted,
        same=None if ours is None else ours == row.decision,
    )


def _at(row: Decision) -> datetime:
    return row.decided_at or row.received_at


def _by(row: Decision) -> str:
    return f"{row.decider} ({row.feed.name})" if row.decider else row.feed.name


def _words(decision: Any) -> str:
    return decision if isinstance(decision, str) else orjson.dumps(decision).decode()[:200]
