"""The sampling app."""

from django.apps import AppConfig


class SamplingConfig(AppConfig):
    """Items, plans and draws."""

    name = "sampling"
