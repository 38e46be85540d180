"""What every page of a project has around it: its name, and the way to the pages that this person may use."""

from typing import Any, NamedTuple

from django.urls import reverse

from reviewapp.accounts.access import Access
from reviewapp.accounts.roles import Action


class NavLink(NamedTuple):
    """One entry of the navigation."""

    label: str
    url: str
    current: bool


_PAGES = (
    ("project_overview", "Overview", Action.SEE_PROJECT),
    ("review", "Review", Action.LABEL),
    ("adjudicate", "Adjudicate", Action.ADJUDICATE),
    ("items", "Items", Action.SEE_ITEMS),
    ("plan", "Plan", Action.SEE_PLAN),
    ("quality", "Quality", Action.SEE_RESOLUTIONS),
    ("estimates", "Estimates", Action.SEE_RESOLUTIONS),
    ("judges", "Judges", Action.SEE_RESOLUTIONS),
    ("shadow", "Shadow", Action.SEE_RESOLUTIONS),
    ("datasets", "Datasets", Action.SEE_DATASETS),
    ("operations", "Operations", Action.SEE_ITEMS),
    ("rollouts", "Rollouts", Action.SEE_ROLLOUTS),
    ("audit", "Audit", Action.SEE_AUDIT),
    ("project_settings", "Settings", Action.EDIT_PROJECT),
)


def frame(access: Access, current: str) -> dict[str, Any]:
    """Return the context shared by a project's pages; `current` is the name of the page's URL pattern."""
    nav = [
        NavLink(label, reverse(name, args=[access.project.slug]), name == current)
        for name, label, action in _PAGES
        if access.may(action)
    ]
    return {"access": access, "project": access.project, "nav": nav}


def link_if_may(access: Access, name: str, action: Action) -> str | None:
    """Return the address of a project's page, or None where this person may not use it."""
    return reverse(name, args=[access.project.slug]) if access.may(action) else None
