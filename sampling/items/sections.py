"""What an item's page says beside the item: sections, of this stage and of later ones (`settings.ITEM_SECTIONS`).

Each name there is a function `(ItemAsked) -> Section | None`: None where there is nothing to say, or nothing that this
person may see. A section has its template, and may tell events for the item's history.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.utils.module_loading import import_string

from reviewapp.accounts.access import Access


@dataclass(frozen=True, slots=True)
class ItemAsked:
    """Which item is shown to whom, and when. `fields` are its fields as Python values."""

    access: Access
    item_id: int
    fields: dict[str, Any]
    now: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the item. `by` is the person, `note` what they wrote."""

    at: datetime
    words: str
    by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: beside the item where it is short, below it where it needs room."""

    name: str
    title: str
    template: str = ""
    context: dict[str, Any] = field(default_factory=dict)
    place: Literal["beside", "below"] = "beside"
    events: tuple[Event, ...] = ()


def list_sections(asked: ItemAsked) -> list[Section]:
    """Return what there is to say of an item, in the order of the settings."""
    tellers: list[Callable[[ItemAsked], Section | None]] = [import_string(path) for path in settings.ITEM_SECTIONS]
    return [section for tell in tellers if (section := tell(asked)) is not None]


def history_of(sections: list[Section]) -> list[Event]:
    """Return all events in order of time."""
    return sorted((event for section in sections for event in section.events), key=lambda event: event.at)
