"""Where this stage's routers stand under the API."""

from ninja import NinjaAPI

from annotations.api import exports, projects, queue, rubrics


def add_routers(api: NinjaAPI) -> None:
    """Add the routers of this stage."""
    api.add_router("/projects", projects.router)
    api.add_router("/projects", rubrics.router)
    api.add_router("", queue.router)
    api.add_router("", exports.router)
