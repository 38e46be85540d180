"""Where this stage's routers stand under the API."""

from importlib import import_module

from ninja import NinjaAPI

from sampling.api import items, plans


def add_routers(api: NinjaAPI) -> None:
    """Add the routers of this stage."""
    import_module("sampling.api.projects")  # adds to the router of projects
    api.add_router("/projects", items.router)
    api.add_router("/projects", plans.router)
