"""Who has read which version of the guidelines, and what changed since."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from annotations.models import GuidelinesRead, RubricVersion
from annotations.rubrics.changes import Change, list_changes
from annotations.rubrics.publish import find_rubric, rubric_by_id
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.http.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Reading:
    """How a person stands with one version: read, never read any, or what changed since the one they read."""

    version: int
    published_at: datetime
    read_version: int | None
    changes: tuple[Change, ...]

    @property
    def is_new(self) -> bool:
        """Tell whether the person has confirmed no version at all."""
        return self.read_version is None

    @property
    def is_read(self) -> bool:
        """Tell whether the person has read what a reader of this version would."""
        return self.read_version is not None and not self.changes


def get_reading(access: Access, rubric: RubricVersion) -> Reading:
    """Return how the person stands with a version. A version that reads the same as theirs counts as read."""
    row = GuidelinesRead.objects.filter(project=access.project, reader=access.actor.user).first()
    read = row.version if row else None
    changes: tuple[Change, ...] = ()
    if read is not None and read < rubric.version:
        before = find_rubric(access.project.pk, read)
        changes = _changes_between(before.pk, rubric.pk) if before else ()
    return Reading(version=rubric.version, published_at=rubric.created_at, read_version=read, changes=changes)


@lru_cache(maxsize=64)
def _changes_between(before_id: int, after_id: int) -> tuple[Change, ...]:
    """Return the changes, kept in memory: versions never change, and a reviewing team asks for the same two."""
    return tuple(list_changes(rubric_by_id(before_id), rubric_by_id(after_id)))


def mark_read(access: Access, *, version: int, now: datetime) -> None:
    """Note that the person has read a version; reading an older one takes nothing back. Raises NotFoundError."""
    require(access, Action.LABEL)
    if find_rubric(access.project.pk, version) is None:
        raise NotFoundError("The project has no such rubric version.")
    row, is_new = GuidelinesRead.objects.get_or_create(
        project=access.project, reader=access.actor.user, defaults={"version": version, "at": now}
    )
    if not is_new and row.version < version:
        GuidelinesRead.objects.filter(project=access.project, reader=access.actor.user).update(version=version, at=now)
