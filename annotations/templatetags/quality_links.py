"""The parts of the Quality page that a person may see, as links; on each of them."""

from typing import NamedTuple

from django import template
from django.urls import reverse

from reviewapp.accounts.access import Access
from reviewapp.accounts.roles import Action

register = template.Library()

_PARTS = (
    ("quality", "Figures", Action.SEE_RESOLUTIONS),
    ("second_opinion", "Second opinion", Action.SEE_ALL_LABELS),
    ("errors", "Error analysis", Action.SEE_ALL_LABELS),
    ("slices", "Where does it fail?", Action.SEE_RESOLUTIONS),
    ("reviewers", "Reviewers", Action.SEE_OWN_LABELS),
    ("golds", "Golds", Action.EDIT_GOLDS),
)


class Part(NamedTuple):
    """One link."""

    label: str
    url: str
    current: bool


@register.simple_tag
def quality_links(access: Access, here: str) -> list[Part]:
    """Return the links; `here` is the name of the page's URL pattern."""
    return [
        Part(label, reverse(name, args=[access.project.slug]), name == here)
        for name, label, action in _PARTS
        if access.may(action)
    ]
