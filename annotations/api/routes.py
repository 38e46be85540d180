"""Where this stage's routers stand under the API."""

from ninja import NinjaAPI


def add_routers(api: NinjaAPI) -> None:
    """Add the routers of this stage."""
