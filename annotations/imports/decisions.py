"""Decisions of the existing manual process, and the feeds that they come in by.

A decision is kept under its external id, whether the item is here already or not: whoever pairs them joins by that id,
so it does not matter which of the two came first. Of several decisions of one feed about one item the newest stands (by
the time it was decided, else by arrival); the others stay, and where they differ the process contradicted itself.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.db import transaction

from annotations.imports.heirs import end_superseded, lock_imports, reserve_ids
from annotations.imports.records import DecisionRecord, Numbered, Run, read_batches
from annotations.models import Decision, DecisionFeed
from annotations.models.decisions import Coverage
from reviewapp.accounts.access import Actor
from reviewapp.accounts.models import Project
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.http.lines import Line
from sampling.ingest.add import IngestResult
from sampling.mask.items import mask_value_alone
from sampling.models import ItemKey

DEFAULT_FEED = "default"
MAX_NAME = 100


def import_decisions(
    *, project: Project, feed: str, lines: Iterable[Line], actor: Actor | None, now: datetime
) -> IngestResult:
    """Store the decisions of the lines; a feed that is not known yet is made, with unknown coverage."""
    checked_feed_name(feed)
    run = Run(project, actor, now)
    for batch in read_batches(lines, DecisionRecord, run.result):
        with transaction.atomic():
            lock_imports(project.pk)
            row, _ = DecisionFeed.objects.get_or_create(project=project, name=feed, defaults={"created_at": now})
            _store(run, row, batch)
    return run.result


def put_feed(
    *, project: Project, name: str, coverage: Coverage, probability: float | None, actor: Actor | None, now: datetime
) -> DecisionFeed:
    """Say how a manual process chose what it decided; makes the feed where it is new."""
    checked_feed_name(name)
    with transaction.atomic():
        lock_imports(project.pk)
        feed, _ = DecisionFeed.objects.update_or_create(
            project=project,
            name=name,
            defaults={"coverage": coverage, "probability": probability},
            create_defaults={"coverage": coverage, "probability": probability, "created_at": now},
        )
        record(
            "decision_feed.changed",
            now=now,
            actor=actor,
            project_id=project.pk,
            object_kind="decision_feed",
            object_id=name,
            detail={"coverage": coverage, "probability": probability},
        )
    return feed


def checked_feed_name(name: str) -> None:
    """Refuse a name that no feed can have."""
    if not name.strip() or len(name) > MAX_NAME or "\0" in name:
        raise InvalidError(fields=(FieldError("feed", f"A feed's name has 1 to {MAX_NAME} characters."),))


def _store(run: Run, feed: DecisionFeed, batch: Sequence[Numbered]) -> None:
    project, actor, now, result = run.project, run.actor, run.now, run.result
    known: dict[str, list[Decision]] = {}
    for row in Decision.objects.filter(
        project=project, feed=feed, external_id__in={each.record.external_id for each in batch}
    ).order_by("pk"):
        known.setdefault(row.external_id, []).append(row)
    ids = reserve_ids(Decision, len(batch))
    new: list[Decision] = []
    replaced: dict[int, int] = {}
    for _, each in batch:
        decision = _decision(run, feed, each, next(ids))
        earlier = known.setdefault(each.external_id, [])
        if any(_said(row) == _said(decision) for row in earlier):
            result.duplicates += 1
            continue
        standing = next((row for row in earlier if row.superseded_by_id is None), None)
        if standing is not None and _when(decision, now) < _when(standing, standing.received_at):
            decision.superseded_by_id = standing.pk  # it came late: something newer is here already
        elif standing is not None:
            standing.superseded_by_id = decision.pk
            if standing not in new:
                replaced[standing.pk] = decision.pk
        earlier.append(decision)
        new.append(decision)
    end_superseded(Decision, replaced)
    Decision.objects.bulk_create(new)
    result.accepted += len(new)
    if new:
        record(
            "decisions.imported",
            now=now,
            actor=actor,
            project_id=project.pk,
            object_kind="decision_feed",
            object_id=feed.name,
            detail={
                "accepted": len(new),
                "decisions_sha256": digest("\n".join(orjson.dumps(row.decision).decode() for row in new)),
            },
        )


def _decision(run: Run, feed: DecisionFeed, each: DecisionRecord, decision_id: int) -> Decision:
    return Decision(
        id=decision_id,
        project=run.project,
        feed=feed,
        external_id=each.external_id,
        decision=mask_value_alone(each.decision, masking=run.project.masking, patterns=run.project.masking_patterns),
        decided_at=each.decided_at,
        decider=each.decider or "",
        duration_ms=each.duration_ms,
        assisted=each.assisted,
        received_at=run.now,
    )


def _said(row: Decision) -> tuple[Any, ...]:
    return row.decision, row.decided_at, row.decider, row.duration_ms, row.assisted


def _when(row: Decision, arrived: datetime) -> datetime:
    return row.decided_at or arrived


def decisions_of_item(item_id: int) -> list[dict[str, Any]]:
    """Return an item's decisions, oldest first, as its answer carries them; superseded ones name their heir."""
    key = ItemKey.objects.get(item_id=item_id)
    found = Decision.objects.filter(project_id=key.project_id, external_id=key.external_id).select_related("feed")
    return [
        {
            "id": row.pk,
            "feed": row.feed.name,
            "decision": row.decision,
            "decided_at": row.decided_at,
            "decider": row.decider,
            "duration_ms": row.duration_ms,
            "assisted": row.assisted,
            "superseded_by": row.superseded_by_id,
        }
        for row in found.order_by("pk")
    ]
