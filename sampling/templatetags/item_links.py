"""Addresses of items and of lists of them, in templates of any stage."""

from django import template

from sampling.views.list_state import ListState, item_address

register = template.Library()


@register.simple_tag
def item_url(slug: str, external_id: str) -> str:
    """Return the address of an item's page."""
    return item_address(slug, external_id)


@register.simple_tag
def items_where(slug: str, where: str) -> str:
    """Return the address of the list of the items that a filter (JSON as text) means."""
    return ListState(slug, where=where).url()
