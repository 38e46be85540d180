"""Locks: what relies on a version keeps it from being retired. Tags, notes and retiring, with their audit rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from django.db import transaction

from annotations.datasets.freeze import checked_words, record_version, take_tags
from annotations.models import Dataset, DatasetLock, DatasetVersion
from annotations.models.datasets import VersionState
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import digest
from reviewapp.http.errors import ConflictError

LockKind = Literal["evaluation", "sign-off"]


def lock_version(version: DatasetVersion, *, kind: LockKind, ref: str, now: datetime) -> DatasetLock:
    """Note that something relies on a version; again with the same ref is the same lock. In the caller's transaction.

    Raises ConflictError where the version is not frozen, or retired.
    """
    found = DatasetVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if found.state != VersionState.FROZEN:
        raise ConflictError("This version is not frozen.", code="not_frozen")
    if found.retired_at is not None:
        raise ConflictError("This version is retired. Use a newer one, or take it back into use.", code="retired")
    lock, _ = DatasetLock.objects.get_or_create(version=found, kind=kind, ref=ref, defaults={"created_at": now})
    return lock


def release_lock(version: DatasetVersion, *, kind: LockKind, ref: str, now: datetime) -> None:
    """Note that something does not rely on a version any more. In the caller's transaction."""
    DatasetLock.objects.filter(version=version, kind=kind, ref=ref, released_at=None).update(released_at=now)


def release_all(*, kind: LockKind, ref: str, now: datetime) -> None:
    """Note that something does not rely on any version any more. In the caller's transaction."""
    DatasetLock.objects.filter(kind=kind, ref=ref, released_at=None).update(released_at=now)


def list_locks(version: DatasetVersion) -> list[DatasetLock]:
    """Return what relies on a version now."""
    return list(DatasetLock.objects.filter(version=version, released_at=None).order_by("pk"))


def retire_version(access: Access, version: DatasetVersion, *, retired: bool, now: datetime) -> None:
    """Take a version out of use, or back into it: `latest` passes it over, and nothing new may rely on it.

    Raises ConflictError `locked` while an evaluation or a sign-off relies on it.
    """
    require(access, Action.EDIT_DATASETS)
    with transaction.atomic():
        found = DatasetVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
        locks = list_locks(found)
        if retired and locks:
            users = ", ".join(f"{lock.kind} {lock.ref}" for lock in locks[:3])
            raise ConflictError(f"This version is relied on by {users}.", code="locked")
        if (found.retired_at is not None) == retired:
            return
        found.retired_at = now if retired else None
        found.save(update_fields=["retired_at"])
        record_version("dataset.retired" if retired else "dataset.taken_back", access.actor, found, now)


def describe_version(access: Access, version: DatasetVersion, *, tags: Sequence[str], note: str, now: datetime) -> None:
    """Give a version other tags and another note; a tag that another version of the dataset has moves here."""
    require(access, Action.EDIT_DATASETS)
    words, note = checked_words(tags, note)
    with transaction.atomic():
        Dataset.objects.select_for_update(no_key=True).get(pk=version.dataset_id)
        found = DatasetVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
        found.tags, found.note = list(words), note
        found.save(update_fields=["tags", "note"])
        record_version("dataset.described", access.actor, found, now, tags=list(words), note_sha256=digest(note))
        take_tags(found, actor=access.actor, now=now)
