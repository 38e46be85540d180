"""Everybody's standing answers to items, as far as they have a vote in the resolution."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection

from annotations.labels.resolve import Vote

_VOTES = """
SELECT b.item_id, b.id, b.reviewer_id, b.reviewer_name, b.rubric_id, b.answers, b.details, b.comment, b.created_at
FROM annotations_label b
WHERE b.project_id = %s AND b.item_id = ANY(%s) AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL
  AND NOT b.surplus AND b.source <> 'gold'
ORDER BY b.item_id, b.id
"""


class GivenVote(NamedTuple):
    """One person's label of an item."""

    label_id: int
    reviewer_id: int | None
    reviewer: str
    vote: Vote
    details: dict[str, Any]
    comment: str
    at: datetime


def list_votes(project_id: int, item_ids: Sequence[int]) -> dict[int, list[GivenVote]]:
    """Return the votes on items of a project by item, in the order in which they were given."""
    with connection.cursor() as cursor:
        cursor.execute(_VOTES, [project_id, list(item_ids)])
        rows = cursor.fetchall()
    votes: dict[int, list[GivenVote]] = {}
    for item_id, label_id, reviewer_id, name, rubric_id, answers, details, comment, at in rows:
        given = GivenVote(
            label_id, reviewer_id, name, Vote(rubric_id, orjson.loads(answers)), orjson.loads(details), comment, at
        )
        votes.setdefault(item_id, []).append(given)
    return votes
