"""Where this stage's routers stand under the API."""

from ninja import NinjaAPI

from annotations.api import queue


def add_routers(api: NinjaAPI) -> None:
    """Add the routers of this stage."""
    api.add_router("", queue.router)
