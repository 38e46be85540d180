"""The ground as an app: its commands, templates and system checks."""

from importlib import import_module

from django.apps import AppConfig


class GroundConfig(AppConfig):
    """Registers the system checks."""

    name = "reviewapp"

    def ready(self) -> None:
        """Register the checks."""
        import_module("reviewapp.checks")
