"""Giving items their failure modes, as somebody reads their notes: added, withdrawn, never deleted.

What an item shows is also a fact, `hint.failure_modes`, for lists, filters and datasets. It is known only because the
item was labelled, so it never enters a probability.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias

from django.db import connection, transaction
from django.db.models import Max

from annotations.failures.codebook import Codebook, read_codebook
from annotations.models import Label, ModeAssignment
from annotations.models.labels import LabelSource
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.http.errors import FieldError, InvalidError
from sampling.ingest.facts import NewFact, record_facts
from sampling.items.keys import find_item_ids

FACT = "hint.failure_modes"
MOST_ITEMS = 500

# From the modes that an item shows (None: unread) to those that it shall show.
Change: TypeAlias = Callable[[frozenset[int] | None], frozenset[int] | None]

_LOCK = "SELECT 1 FROM sampling_item WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"


class Coded(NamedTuple):
    """What an item shows after a change: None if it counts as unread, else its modes' values."""

    external_id: str
    modes: list[str] | None


def set_modes(
    access: Access, *, external_ids: Sequence[str], modes: Sequence[str] | None, now: datetime
) -> list[Coded]:
    """Say what the items show: these modes and no others; without any they are read, with None they are unread again.

    Raises NotFoundError for a mode that is none, InvalidError for items that are none.
    """
    codebook = read_codebook(access.project.pk)
    wanted = None if modes is None else frozenset(codebook.get(value).id for value in modes)
    return _code(access, codebook, external_ids, lambda _: wanted, now)


def add_mode(access: Access, *, external_ids: Sequence[str], mode: str, now: datetime) -> list[Coded]:
    """Give the items one mode more, whatever else they show. Raises as `set_modes`."""
    codebook = read_codebook(access.project.pk)
    added = frozenset({codebook.get(mode).id})
    return _code(access, codebook, external_ids, lambda before: (before or frozenset()) | added, now)


def standing_modes(codebook: Codebook, project_id: int, item_ids: Sequence[int] | None) -> dict[int, frozenset[int]]:
    """Return the standing modes of items that were read, by item; all of the project's without `item_ids`."""
    rows = ModeAssignment.objects.filter(project_id=project_id, withdrawn_at=None)
    if item_ids is not None:
        rows = rows.filter(item_id__in=item_ids)
    found: dict[int, set[int]] = {}
    for item_id, mode_id in rows.values_list("item_id", "mode_id"):
        shown = found.setdefault(item_id, set())
        if mode_id is not None:
            shown.add(codebook.root[mode_id])
    return {item_id: frozenset(shown) for item_id, shown in found.items()}


def refresh_facts(project_id: int, item_ids: Sequence[int], *, now: datetime) -> None:
    """Write what filters know of the items; in the transaction that changed it."""
    codebook = read_codebook(project_id)
    shown = standing_modes(codebook, project_id, item_ids)
    facts = []
    for item_id in item_ids:
        modes = shown.get(item_id)
        value = None if modes is None else codebook.values(modes)
        facts.append(NewFact(item_id, FACT, value, caused_by_draw=True))
    record_facts(facts, now=now)


def _code(
    access: Access, codebook: Codebook, external_ids: Sequence[str], change: Change, now: datetime
) -> list[Coded]:
    require(access, Action.EDIT_CODEBOOK)
    project = access.project
    ids = _ids_of(project.pk, external_ids)
    items = sorted(ids.values())
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [items])  # two people at one item follow each other
        standing: dict[int, list[ModeAssignment]] = {item_id: [] for item_id in items}
        for row in ModeAssignment.objects.filter(item_id__in=items, withdrawn_at=None).order_by("id"):
            standing[row.item_id].append(row)
        notes = _newest_labels(project.pk, items)
        ended: list[int] = []
        added: list[ModeAssignment] = []
        for item_id, rows in standing.items():
            roots = {row.pk: None if row.mode_id is None else codebook.root[row.mode_id] for row in rows}
            shown = frozenset(root for root in roots.values() if root is not None)
            wanted = change(shown if rows else None)
            # A row without a mode says that the item was read and shows none.
            kept: frozenset[int | None] = frozenset({None}) if wanted == frozenset() else frozenset(wanted or ())
            ended += [pk for pk, root in roots.items() if root not in kept]
            added += [
                ModeAssignment(
                    project=project,
                    item_id=item_id,
                    mode_id=mode_id,
                    label_id=notes.get(item_id),
                    assigned_by=access.actor.user,
                    created_at=now,
                )
                for mode_id in sorted(kept - set(roots.values()), key=lambda mode: mode or 0)
            ]
        if ended or added:
            _store(access, ended, added, items, now)
    after = standing_modes(codebook, project.pk, items)
    return [Coded(name, codebook.values(after[item_id]) if item_id in after else None) for name, item_id in ids.items()]


def _store(
    access: Access, ended: Sequence[int], added: Sequence[ModeAssignment], items: Sequence[int], now: datetime
) -> None:
    ModeAssignment.objects.filter(pk__in=ended).update(withdrawn_at=now, withdrawn_by=access.actor.user)
    stored = ModeAssignment.objects.bulk_create(added)
    refresh_facts(access.project.pk, items, now=now)
    record(
        "failure_modes.assigned",
        now=now,
        actor=access.actor,
        project_id=access.project.pk,
        object_kind="item",
        object_id=items[0] if len(items) == 1 else f"{len(items)} items",
        detail={"assigned": [row.pk for row in stored], "withdrawn": list(ended)},
    )


def _ids_of(project_id: int, external_ids: Sequence[str]) -> dict[str, int]:
    """Return the items' ids in the order they were named; refuse names of none."""
    if not external_ids or len(external_ids) > MOST_ITEMS:
        message = f"Name one to {MOST_ITEMS} items."
        raise InvalidError(message, fields=(FieldError("external_ids", message),))
    found = find_item_ids(project_id, [name for name in external_ids if "\0" not in name])
    problems = [
        FieldError(f"external_ids.{place}", "There is no such item in this project.")
        for place, name in enumerate(external_ids)
        if name not in found
    ]
    if problems:
        raise InvalidError(problems[0].message, fields=tuple(problems))
    return {name: found[name] for name in external_ids}


def _newest_labels(project_id: int, items: Sequence[int]) -> dict[int, int]:
    """Return the newest standing label of each item: what was read."""
    labels = Label.objects.filter(
        project_id=project_id, item_id__in=items, withdrawn_at=None, superseded_by=None
    ).exclude(source=LabelSource.GOLD)
    return dict(labels.values_list("item_id").annotate(Max("id")))
