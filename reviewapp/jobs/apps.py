"""The jobs app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Intents and the sweeper."""

    name = "reviewapp.jobs"
    label = "jobs"
