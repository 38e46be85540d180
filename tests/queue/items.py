"""Items and open tasks for the queue's tests, without going through ingest."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from annotations.queue.fill import open_tasks
from reviewapp.accounts.models import Project
from sampling.draws.selected import Selected
from sampling.models import Item, ItemKey


def store_items(project: Project, count: int, *, prefix: str = "item", **content: Any) -> list[Item]:
    """Store items that nobody is asked about; external ids end in their position. `content` sets fields."""
    now = datetime.now(UTC)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT next_item_id() FROM generate_series(1, %s)", [count])
        ids = [row[0] for row in cursor.fetchall()]
        items = [
            Item(
                id=item_id,
                project=project,
                external_id=f"{prefix}-{number}",
                input=content.get("input", f"question {number}"),
                output=content.get("output", f"answer {number}"),
                context=content.get("context"),
                steps=content.get("steps"),
                received_at=now,
                decision="AI-DECISION",
                confidence=0.123456,
                model="SECRET-MODEL",
                prompt_version="SECRET-PROMPT",
                system_version="SECRET-VERSION",
                feedback=-1,
                cost_usd=0.777,
                metadata=content.get("metadata", {"gold": "SECRET-GOLD"}),
            )
            for number, item_id in enumerate(ids)
        ]
        ItemKey.objects.bulk_create(
            ItemKey(project=project, external_id=item.external_id, item_id=item.pk) for item in items
        )
        Item.objects.bulk_create(items)
    return items


def add_items(
    project: Project,
    ranks: Sequence[float],
    *,
    need: int = 1,
    prefix: str = "item",
    urgent: bool = False,
    **content: Any,
) -> list[Item]:
    """Store one item for each rank and open its task."""
    with transaction.atomic():
        items = store_items(project, len(ranks), prefix=prefix, **content)
        chosen = [Selected(item.pk, rank, need, urgent) for item, rank in zip(items, ranks, strict=True)]
        open_tasks(project=project, selected=chosen, now=datetime.now(UTC))
    return items


def end_leases() -> None:
    """Let every lease's time run out, by moving the rows."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE annotations_lease SET expires_at = now() - interval '1 second'")


def age_cursors() -> None:
    """Make every claim cursor too old to be trusted."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE annotations_claimcursor SET since = now() - interval '1 minute'")
