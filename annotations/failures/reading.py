"""The reader's list: which notes are meant, and which of them share words."""

from collections.abc import Sequence
from typing import NamedTuple

from annotations.failures.codebook import Codebook
from annotations.failures.groups import group_notes
from annotations.failures.notes import NotedItem, NoteFilter, Notes, State
from reviewapp.http.errors import FieldError, InvalidError


class SuggestedGroup(NamedTuple):
    """Noted items whose notes share words, and how many of them were read."""

    name: str
    items: tuple[NotedItem, ...]

    @property
    def n_read(self) -> int:
        """Return how many of them were read."""
        return sum(item.modes is not None for item in self.items)


def suggest_groups(notes: Notes) -> list[SuggestedGroup]:
    """Return groups of notes that share words, the largest first."""
    found = group_notes([item.text for item in notes.items])
    return [SuggestedGroup(group.name, tuple(notes.items[place] for place in group.members)) for group in found]


def choose_notes(
    notes: Notes,
    codebook: Codebook,
    *,
    state: State = "all",
    mode: str | None = None,
    words: str = "",
    group: str | None = None,
) -> Sequence[NotedItem]:
    """Return the noted items that are meant, in reading order.

    Raises NotFoundError for a mode that is none, InvalidError for a group that is none (any more).
    """
    only = None
    if group:
        found = next((each for each in suggest_groups(notes) if each.name == group), None)
        if found is None:
            message = f"No notes are grouped by {group[:80]!r} now."
            raise InvalidError(message, fields=(FieldError("group", message),))
        only = frozenset(item.item_id for item in found.items)
    meant = NoteFilter(state=state, mode=codebook.get(mode).id if mode else None, words=words.strip(), only=only)
    return [item for item in notes.items if meant.keeps(item)]
