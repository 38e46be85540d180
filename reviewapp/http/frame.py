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


class NavGroup(NamedTuple):
    """Entries that belong together, under one word."""

    label: str
    links: list[NavLink]


_PAGES = (
    ("project_overview", "Overview", Action.SEE_PROJECT),
    ("review", "Review", Action.LABEL),
    ("adjudicate", "Adjudicate", Action.ADJUDICATE),
    ("items", "Items", Action.SEE_ITEMS),
    ("plan", "Plan", Action.SEE_PLAN),
    ("quality", "Quality", Action.SEE_RESOLUTIONS),
    ("estimates", "Estimates", Action.SEE_RESOLUTIONS),
    ("judges", "Judges", Action.SEE_RESOLUTIONS),
    ("datasets", "Datasets", Action.SEE_DATASETS),
    ("evaluations", "Evaluations", Action.SEE_EVALUATIONS),
    ("shadow", "Shadow", Action.SEE_RESOLUTIONS),
    ("rollouts", "Rollouts", Action.SEE_ROLLOUTS),
    ("operations", "Operations", Action.SEE_ITEMS),
    ("audit", "Audit", Action.SEE_AUDIT),
    ("project_settings", "Settings", Action.EDIT_PROJECT),
)


# A group goes on until the page that begins the next one.
_GROUPS = {
    "project_overview": "Work",
    "items": "Traffic",
    "quality": "Measure",
    "datasets": "Release",
    "operations": "Run",
}
# So few entries stand in the header; more are a column beside the page, or a menu where it is narrow.
_FEW = 3


def frame(access: Access, current: str) -> dict[str, Any]:
    """Return the context shared by a project's pages; `current` is the name of the page's URL pattern."""
    nav: list[NavGroup] = []
    group = ""
    for name, label, action in _PAGES:
        group = _GROUPS.get(name, group)
        if not access.may(action):
            continue
        if not nav or nav[-1].label != group:
            nav.append(NavGroup(group, []))
        nav[-1].links.append(NavLink(label, reverse(name, args=[access.project.slug]), name == current))
    is_short = sum(len(part.links) for part in nav) <= _FEW
    return {"access": access, "project": access.project, "nav": nav, "nav_is_short": is_short}


def link_if_may(access: Access, name: str, action: Action) -> str | None:
    """Return the address of a project's page, or None where this person may not use it."""
    return reverse(name, args=[access.project.slug]) if access.may(action) else None
