"""The versions of a project's rubric, what publishing another would do, and the questions as they would be stored."""

from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from django.db.models import Count

from annotations.models import Label, RubricVersion
from annotations.queue.counters import QueueCounts, count_queue
from annotations.rubrics.differences import Difference, find_difference
from annotations.rubrics.questions import RubricBody
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action

SHOWN = 50


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version, the labels that were given under it, and what it changed; None for the first."""

    version: RubricVersion
    labels: int
    difference: Difference | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a new version meets: the seats of the queue, and the labels of older versions."""

    next_version: int
    queue: QueueCounts
    labels: int


def stored_questions(rubric: RubricBody) -> list[dict[str, Any]]:
    """Return the questions as a version keeps them."""
    return [question.model_dump(mode="json", by_alias=True, exclude_none=True) for question in rubric.questions]


def list_versions(access: Access) -> list[VersionRow]:
    """Return the newest versions, newest first, with the active labels of each."""
    require(access, Action.EDIT_RUBRIC)
    found = list(
        RubricVersion.objects.filter(project=access.project)
        .select_related("created_by")
        .order_by("-version")[: SHOWN + 1]
    )
    counted = dict(
        Label.objects.filter(project=access.project, withdrawn_at__isnull=True, superseded_by__isnull=True)
        .values_list("rubric_id")
        .annotate(Count("pk"))
    )
    return [
        VersionRow(row, counted.get(row.pk, 0), compare_versions(before, row) if before else None)
        for row, before in zip_longest(found[:SHOWN], found[1:])
    ]


def compare_versions(before: RubricVersion, after: RubricVersion) -> Difference:
    """Return what changed from one version to another."""
    return find_difference(before.questions, after.questions, guidelines=(before.guidelines, after.guidelines))


def get_outlook(access: Access, versions: list[VersionRow]) -> Outlook:
    """Return what the next version would meet."""
    newest = versions[0].version.version if versions else 0
    return Outlook(newest + 1, count_queue(access.project.pk), sum(row.labels for row in versions))
