"""Where this stage's routers stand under the API, and what stands beside it."""

from importlib import import_module

from django.urls import URLPattern, path
from ninja import NinjaAPI

from sampling.api import erase, feedback, items, operations, plans, reveal
from sampling.api.otlp import post_traces

root_routes: list[URLPattern] = [path("v1/traces", post_traces, name="otlp_traces")]


def add_routers(api: NinjaAPI) -> None:
    """Add the routers of this stage."""
    import_module("sampling.api.projects")  # adds to the router of projects
    api.add_router("/projects", items.router)
    api.add_router("/projects", feedback.router)
    api.add_router("/projects", plans.router)
    api.add_router("/projects", erase.router)
    api.add_router("/projects", operations.router)
    api.add_router("/items", reveal.router)
