"""The codebook: a project's failure modes as they stand, with what was merged into each."""

from dataclasses import dataclass
from datetime import datetime

from annotations.models import ModeWording
from reviewapp.http.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class MergedMode:
    """A mode that was merged into another; what it was called."""

    value: str
    name: str


@dataclass(frozen=True, slots=True)
class Mode:
    """A standing mode. `merged` are those that count with it, whether merged into it or into one of them."""

    id: int
    value: str
    name: str
    description: str
    hotkey: str | None
    made_by: str
    made_at: datetime
    merged: tuple[MergedMode, ...] = ()


@dataclass(frozen=True, slots=True)
class Codebook:
    """The standing modes in the order they were made; `root` leads from any mode's id to the standing one's."""

    modes: tuple[Mode, ...]
    root: dict[int, int]
    ids: dict[str, int]

    def by_id(self, mode_id: int) -> Mode:
        """Return a standing mode."""
        return next(mode for mode in self.modes if mode.id == mode_id)

    def find(self, value: str) -> Mode | None:
        """Return the mode of that value, or the one that it was merged into, or None."""
        found = self.ids.get(value)
        return None if found is None else self.by_id(self.root[found])

    def get(self, value: str) -> Mode:
        """Return the same, or raise NotFoundError."""
        found = self.find(value)
        if found is None:
            raise NotFoundError(f"The codebook has no failure mode {value[:60]!r}.")
        return found

    def values(self, mode_ids: frozenset[int]) -> list[str]:
        """Return the values of standing modes, in the codebook's order."""
        return [mode.value for mode in self.modes if mode.id in mode_ids]


def read_codebook(project_id: int) -> Codebook:
    """Return a project's codebook; empty where nobody has made a mode."""
    rows = list(
        ModeWording.objects.select_related("mode", "mode__created_by")
        .filter(project_id=project_id, superseded_by=None)
        .order_by("mode_id")
    )
    into = {row.mode_id: row.merged_into_id for row in rows}
    root = {mode_id: _root(mode_id, into) for mode_id in into}
    modes = []
    for row in rows:
        if row.merged_into_id is not None:
            continue
        merged = [
            MergedMode(each.mode.value, each.name)
            for each in rows
            if each.mode_id != row.mode_id and root[each.mode_id] == row.mode_id
        ]
        modes.append(
            Mode(
                id=row.mode_id,
                value=row.mode.value,
                name=row.name,
                description=row.description,
                hotkey=row.hotkey,
                made_by=row.mode.created_by.username,
                made_at=row.mode.created_at,
                merged=tuple(merged),
            )
        )
    return Codebook(tuple(modes), root, {row.mode.value: row.mode_id for row in rows})


def _root(mode_id: int, into: dict[int, int | None]) -> int:
    while (target := into[mode_id]) is not None:
        mode_id = target
    return mode_id
