"""Alerts."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """Alerts, where they go, and whether they arrived."""

    name = "reviewapp.alerts"
    label = "alerts"
