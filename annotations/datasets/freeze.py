"""Freezing: a recipe's selection becomes an immutable version with its hash and its manifest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Any

import orjson
from django.db import connection, transaction

from annotations.datasets.candidates import count_labelled
from annotations.datasets.cases import cases_with_splits
from annotations.datasets.erase import erase_rows
from annotations.datasets.figures import Figures, figures_of
from annotations.datasets.recipe import Recipe, parse_recipe, recipe_of
from annotations.datasets.rows import BATCH, NewRow, stream_new_rows
from annotations.datasets.select import Selection, select_rows
from annotations.models import Dataset, DatasetVersion
from annotations.models.datasets import VersionState
from reviewapp.accounts.access import Access, Actor, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.http.errors import ConflictError, FieldError, InvalidError, RefusalError
from reviewapp.jobs.intents import add_intent
from reviewapp.jobs.lease import keep_lease
from sampling.erase.lock import lock_content

KIND = "freeze_dataset"
# More labelled items than this are selected in the background.
AT_ONCE = 20_000
MAX_TAGS, MAX_TAG, MAX_NOTE = 20, 60, 2000

_ROWS = """
COPY annotations_datasetrow (version_id, position, external_id, item_id, split, origin, row, sha256, provenance)
FROM STDIN
"""
_ERASED = """
SELECT r.item_id FROM annotations_datasetrow r JOIN sampling_item i ON i.id = r.item_id
WHERE r.version_id = %s AND i.erased_at IS NOT NULL
"""
_DROPPED = "COPY annotations_datasetdropped (version_id, external_id, reason) FROM STDIN"


def freeze_version(
    access: Access,
    dataset: Dataset,
    *,
    body: Mapping[str, Any],
    now: datetime,
    tags: Sequence[str] = (),
    note: str = "",
    at_once: int = AT_ONCE,
) -> DatasetVersion:
    """Freeze the next version by a recipe, here and now, or in the background where the project has very many labels.

    Raises InvalidError for a recipe that breaks a rule, ConflictError `no_rows` where it chooses nothing.
    """
    require(access, Action.EDIT_DATASETS)
    recipe = parse_recipe(body)
    tags, note = checked_words(tags, note)
    later = count_labelled(dataset.project_id, most=at_once + 1) > at_once
    with transaction.atomic():
        Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)  # versions follow each other
        version = DatasetVersion.objects.create(
            dataset=dataset,
            version=1 + DatasetVersion.objects.filter(dataset=dataset).count(),
            recipe=recipe.as_json(),
            tags=list(tags),
            note=note,
            created_by=access.actor.user,
            created_at=now,
        )
        if later:
            add_intent(kind=KIND, key=str(version.pk), payload={"version_id": version.pk}, now=now)
        else:
            _fill(version, recipe, actor=access.actor, now=now)
    return version


def freeze_in_background(payload: dict[str, Any], now: datetime) -> None:
    """Job `freeze_dataset`: do what `freeze_version` put off. A refusal ends the version as failed, with the reason."""
    version = DatasetVersion.objects.select_for_update().get(pk=payload["version_id"])
    if version.state != VersionState.FREEZING:
        return
    actor = Actor(user=version.created_by) if version.created_by else None
    try:
        with transaction.atomic():
            _fill(version, recipe_of(version.recipe), actor=actor, now=now)
    except RefusalError as refusal:
        version.state, version.problem = VersionState.FAILED, refusal.message
        version.save(update_fields=["state", "problem"])


def _fill(version: DatasetVersion, recipe: Recipe, *, actor: Actor | None, now: datetime) -> None:
    dataset = version.dataset
    selection = select_rows(dataset.project, recipe)
    cases = cases_with_splits(dataset, recipe)
    _refuse_the_same_id(selection, [case.external_id for case, _ in cases])
    figures = figures_of(selection, cases, project=dataset.project, by=recipe.stratify_by)
    if not figures.n_rows:
        raise ConflictError(_why_nothing(figures), code="no_rows")
    whole = sha256()
    kinds = _Kinds()
    n = _copy_rows(version.pk, kinds.of(stream_new_rows(selection.rows, cases)), whole)
    _copy_dropped(version.pk, selection)
    version.manifest = {
        "project": dataset.project.slug,
        "dataset": dataset.name,
        "version": version.version,
        "recipe": version.recipe,
        "rubric_versions": sorted({each.candidate.rubric_version for each in selection.rows}),
        "plan_versions": sorted(
            {each.candidate.plan_version for each in selection.rows if each.candidate.plan_version is not None}
        ),
        "frozen_by": actor.user.username if actor else "",
        "frozen_at": now.isoformat(),
        "figures": figures.as_json(),
        "columns": kinds.found,
        "masking": {"mode": dataset.project.masking, "patterns": len(dataset.project.masking_patterns)},
        "sha256": whole.hexdigest(),
    }
    version.sha256, version.n_rows, version.frozen_at = whole.hexdigest(), n, now
    version.state = VersionState.FROZEN
    version.save()
    _forget_erased(version, now)
    take_tags(version, actor=actor, now=now)
    record_version("dataset.frozen", actor, version, now, rows=n, sha256=version.sha256)


def _forget_erased(version: DatasetVersion, now: datetime) -> None:
    """Empty the rows of people who were erased since they were read: nobody else knows of these rows yet."""
    lock_content(version.dataset.project_id)
    with connection.cursor() as cursor:
        cursor.execute(_ERASED, [version.pk])
        erase_rows(version.dataset.project_id, [row[0] for row in cursor.fetchall()], now)


def take_tags(version: DatasetVersion, *, actor: Actor | None, now: datetime) -> None:
    """Take the version's tags from the other versions of its dataset: a tag names one. In the caller's transaction."""
    others = DatasetVersion.objects.select_for_update(of=("self",), no_key=True).filter(
        dataset_id=version.dataset_id, tags__overlap=version.tags
    )
    for found in others.exclude(pk=version.pk).select_related("dataset").order_by("pk"):
        found.tags = [tag for tag in found.tags if tag not in version.tags]
        found.save(update_fields=["tags"])
        record_version("dataset.described", actor, found, now, tags=found.tags)


def record_version(action: str, actor: Actor | None, version: DatasetVersion, now: datetime, **detail: object) -> None:
    """Put what became of a version on record."""
    record(
        action,
        now=now,
        actor=actor,
        project_id=version.dataset.project_id,
        object_kind="dataset_version",
        object_id=version.pk,
        detail={"dataset": version.dataset.name, "version": version.version, **detail},
    )


class _Kinds:
    """Finds out while rows go by which columns hold nothing but text: the others are JSON in tables."""

    def __init__(self) -> None:
        self.found = dict.fromkeys(("input", "output", "context", "expected"), "text")

    def of(self, rows: Iterable[NewRow]) -> Iterator[NewRow]:
        for new in rows:
            self.found.update(dict.fromkeys(new.not_text, "json"))
            yield new


def _copy_rows(version_id: int, rows: Iterator[NewRow], whole: Any) -> int:
    """Store the rows batch by batch; each adds its line to the hash of the whole.

    A batch is read before its COPY begins: while one runs, the connection can read nothing.
    """
    n = 0
    while batch := list(islice(rows, BATCH)):
        keep_lease()
        with connection.cursor() as cursor, cursor.copy(_ROWS) as copy:
            for new in batch:
                n += 1
                whole.update(new.row + b"\n")
                copy.write_row(
                    (
                        version_id,
                        n,
                        new.external_id,
                        new.item_id,
                        new.split or "",
                        new.origin,
                        new.row.decode(),
                        new.sha256,
                        orjson.dumps(new.provenance).decode(),
                    )
                )
    return n


def _copy_dropped(version_id: int, selection: Selection) -> None:
    with connection.cursor() as cursor, cursor.copy(_DROPPED) as copy:
        for external_id, reason in selection.dropped.items():
            copy.write_row((version_id, external_id, reason))


def _refuse_the_same_id(selection: Selection, written: Sequence[str]) -> None:
    items = {each.candidate.external_id for each in selection.rows}
    for external_id in written:
        if external_id in items:
            message = f"A case written by hand has the id of an item, {external_id[:60]!r}. Withdraw it or rename it."
            raise ConflictError(message, code="case_is_an_item")


def _why_nothing(figures: Figures) -> str:
    if not figures.n_candidates:
        return "The recipe chooses nothing: its filter finds no item that has a label or an adjudication."
    reasons = ", ".join(f"{n:,} {reason.replace('_', ' ')}" for reason, n in figures.dropped.items())
    return f"The recipe chooses nothing: of {figures.n_candidates:,} labelled items none is left ({reasons})."


def checked_words(tags: Sequence[str], note: str) -> tuple[tuple[str, ...], str]:
    """Return tags and note as they are kept, or refuse them."""
    tags = tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    note = note.strip()
    if len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG or "\0" in tag or tag.isdecimal() for tag in tags):
        message = f"Up to {MAX_TAGS} tags of up to {MAX_TAG} characters, and none that is only a number."
        raise InvalidError(message, fields=(FieldError("tags", message),))
    if len(note) > MAX_NOTE or "\0" in note:
        message = f"A note has up to {MAX_NOTE:,} characters."
        raise InvalidError(message, fields=(FieldError("note", message),))
    return tags, note
