"""The annotations app."""

from django.apps import AppConfig


class AnnotationsConfig(AppConfig):
    """Rubrics, the queue, labels and what comes out of them."""

    name = "annotations"
