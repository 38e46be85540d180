"""The free notes of a project: comments and text answers of labels, an item at a time, in an order drawn by chance.

The order is each item's own random number for reading: whoever stops in the middle has read a random part.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from django.db import connection

from annotations.failures.assign import standing_modes
from annotations.failures.codebook import Codebook
from annotations.models import RubricVersion
from annotations.models.queue import GuardState
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from sampling.draws.numbers import draw_numbers

READING = "reading"
MOST_LABELS = 5000
COMMENT = "Comment"
State = Literal["unread", "read", "all"]

# The newest labels with a note. Whoever is at work on an item in a blind project reads no others' notes of it.
_NOTES = """
SELECT b.id, b.item_id, i.external_id, b.reviewer_name, b.created_at, b.comment,
    ARRAY(SELECT b.answers ->> k FROM unnest(%(keys)s::text[]) WITH ORDINALITY AS t (k, place) ORDER BY place)
FROM annotations_label b JOIN sampling_item i ON i.id = b.item_id
WHERE b.project_id = %(project)s AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL AND b.source <> 'gold'
    AND (b.comment <> '' OR EXISTS (SELECT FROM unnest(%(keys)s::text[]) k WHERE b.answers ->> k <> ''))
    AND NOT (%(blind)s AND EXISTS (
        SELECT FROM annotations_task t JOIN annotations_guard g ON g.task_id = t.id
        WHERE t.item_id = b.item_id AND g.reviewer_id = %(person)s AND g.state = ANY(%(at_work)s)))
ORDER BY b.id DESC LIMIT %(limit)s
"""
_NOTED = """
SELECT DISTINCT b.item_id FROM annotations_label b
WHERE b.project_id = %(project)s AND b.item_id = ANY(%(items)s)
    AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL AND b.source <> 'gold'
    AND (b.comment <> '' OR EXISTS (SELECT FROM unnest(%(keys)s::text[]) k WHERE b.answers ->> k <> ''))
"""


class Note(NamedTuple):
    """What one person wrote: under which question, or as a comment."""

    reviewer: str
    question: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NotedItem:
    """An item with its notes, oldest first. `modes` are standing modes' ids, None while it is unread."""

    item_id: int
    external_id: str
    u: float
    notes: tuple[Note, ...]
    modes: frozenset[int] | None

    @property
    def text(self) -> str:
        """Return the notes as one text."""
        return "\n".join(note.text for note in self.notes)


@dataclass(frozen=True, slots=True)
class Notes:
    """The noted items in reading order; `cut` says that there are older notes than these."""

    items: list[NotedItem]
    cut: bool

    @property
    def n_read(self) -> int:
        """Return how many of them were read."""
        return sum(item.modes is not None for item in self.items)


@dataclass(frozen=True, slots=True)
class NoteFilter:
    """Which noted items are meant; `words` must all occur in the notes or be the item's id, `only` names items."""

    state: State = "all"
    mode: int | None = None
    words: str = ""
    only: frozenset[int] | None = None

    def keeps(self, item: NotedItem) -> bool:
        """Tell whether an item is among them."""
        if self.state != "all" and (item.modes is not None) != (self.state == "read"):
            return False
        if self.mode is not None and self.mode not in (item.modes or ()):
            return False
        if self.only is not None and item.item_id not in self.only:
            return False
        text = item.text.casefold()
        return self.words == item.external_id or all(word in text for word in self.words.casefold().split())


def read_notes(access: Access, codebook: Codebook) -> Notes:
    """Return the noted items of a project that this person may read, in reading order."""
    require(access, Action.SEE_ALL_LABELS)
    project = access.project
    titles = _text_questions(project.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            _NOTES,
            {
                "project": project.pk,
                "keys": list(titles),
                "blind": project.blind,
                "person": access.actor.user.pk,
                "at_work": [int(GuardState.LEASED), int(GuardState.LEFT)],
                "limit": MOST_LABELS + 1,
            },
        )
        rows = cursor.fetchall()
    names: dict[int, str] = {}
    notes: dict[int, list[Note]] = {}
    for _, item_id, external_id, reviewer, at, comment, answers in reversed(rows[:MOST_LABELS]):
        names[item_id] = external_id
        written = [*zip(titles.values(), answers, strict=True), (COMMENT, comment)]
        notes.setdefault(item_id, []).extend(
            Note(reviewer, title, text.strip(), at) for title, text in written if text and text.strip()
        )
    return Notes(
        _in_order(project.sampling_salt, names, notes, standing_modes(codebook, project.pk, list(names))),
        len(rows) > MOST_LABELS,
    )


def noted_items(project_id: int, items: Sequence[int]) -> set[int]:
    """Return which of the items have a note."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTED, {"project": project_id, "keys": list(_text_questions(project_id)), "items": list(items)})
        return {row[0] for row in cursor.fetchall()}


def _in_order(
    salt: str, names: dict[int, str], notes: dict[int, list[Note]], modes: dict[int, frozenset[int]]
) -> list[NotedItem]:
    numbers = draw_numbers(salt=salt, purpose=READING, external_ids=names.values())
    items = [
        NotedItem(item_id, names[item_id], u, tuple(notes[item_id]), modes.get(item_id))
        for item_id, u in zip(names, numbers, strict=True)
        if notes[item_id]
    ]
    return sorted(items, key=lambda item: (item.u, item.item_id))


def _text_questions(project_id: int) -> dict[str, str]:
    """Return the titles of all text questions that the project ever asked, by key; the newest title counts."""
    versions = RubricVersion.objects.filter(project_id=project_id).order_by("version")
    return {
        question["key"]: question["title"]
        for version in versions
        for question in version.questions
        if question["kind"] == "text"
    }
