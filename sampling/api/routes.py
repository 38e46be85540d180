"""Where this stage's routers stand under the API."""

from ninja import NinjaAPI

from sampling.api import items, plans


def add_routers(api: NinjaAPI) -> None:
    """Add the routers of this stage."""
    api.add_router("/projects", items.router)
    api.add_router("/projects", plans.router)
